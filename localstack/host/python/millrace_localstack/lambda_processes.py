"""Runs the Lambda functions that LocalStack deploys: one process of this machine for each execution environment.

LocalStack would start a container. AWS's own runtime client (aws-lambda-ric) runs the handler in either case; the runtime
API that it speaks to is the documented one: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

from localstack import config
from localstack.services.lambda_.invocation import runtime_executor
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

KEPT_LOG_LINES = 5_000
ERROR_CHARS = 2_000


_living: set[subprocess.Popen] = set()


def kill_all() -> None:
    """Frozen processes, too, which would not end by themselves."""
    for process in list(_living):
        process.kill()


def error_payload(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


class FunctionProcess:
    """A process that serves one invocation at a time, and its runtime API."""

    def __init__(self, command: list[str], directory: str, environment: dict[str, str], on_line):
        # Done when the runtime asks for its first invocation; holds an exception when it never will.
        self.ready: Future = Future()
        self._waiting: Queue = Queue()
        self._invocation: tuple[str, Future] | None = None
        self._lock = threading.Lock()
        self._api = ThreadingHTTPServer(("127.0.0.1", 0), self._request_handler())
        self._api.daemon_threads = True
        threading.Thread(target=self._api.serve_forever, daemon=True).start()
        environment = {**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}"}
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        _living.add(self.process)
        threading.Thread(target=self._follow, args=(on_line,), daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def invoke(self, request: dict, timeout_s: int) -> tuple[bytes, bool]:
        """The function's answer, and whether it is an error. Raises the timeout of futures."""
        answer: Future = Future()
        with self._lock:
            self._invocation = (request["invoke-id"], answer)
        self._waiting.put({**request, "deadline-ms": int((time.time() + timeout_s) * 1000)})
        # It may have ended before it could be asked.
        if not self.alive:
            self._end()
        return answer.result(timeout=timeout_s)

    def kill(self) -> None:
        self.process.kill()
        self._waiting.put(None)

    def _follow(self, on_line) -> None:
        for line in self.process.stdout:
            on_line(line)
        self.process.wait()
        _living.discard(self.process)
        self._end()
        self._waiting.put(None)
        self._api.shutdown()
        self._api.server_close()

    def _end(self) -> None:
        why = f"Runtime exited with exit status {self.process.returncode}"
        if not self.ready.done():
            self.ready.set_exception(RuntimeError(why))
        with self._lock:
            invocation, self._invocation = self._invocation, None
        if invocation is not None:
            invocation[1].set_result((error_payload("Runtime.ExitError", f"RequestId: {invocation[0]} Error: {why}"), True))

    def _next(self) -> dict | None:
        if not self.ready.done():
            self.ready.set_result(True)
        # Between invocations Lambda freezes what it runs: timers and connections stand still.
        self.process.send_signal(signal.SIGSTOP)
        request = self._waiting.get()
        self.process.send_signal(signal.SIGCONT)
        return request

    def _answer(self, request_id: str, body: bytes, is_error: bool) -> None:
        with self._lock:
            invocation = self._invocation
            if invocation is None or invocation[0] != request_id:
                return
            self._invocation = None
        invocation[1].set_result((body, is_error))

    def _request_handler(self):
        function = self

        class RuntimeApi(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args) -> None:
                pass

            def do_GET(self) -> None:
                request = function._next()
                if request is None:
                    self.close_connection = True
                    return
                headers = {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": request["invoke-id"],
                    "Lambda-Runtime-Invoked-Function-Arn": request["invoked-function-arn"],
                    "Lambda-Runtime-Trace-Id": request["trace-id"],
                    "Lambda-Runtime-Deadline-Ms": str(request["deadline-ms"]),
                }
                self._send(200, request["payload"].encode(), headers)

            def do_POST(self) -> None:
                body = self._body()
                *_, request_id, kind = self.path.split("/")
                if self.path.endswith("/init/error"):
                    if not function.ready.done():
                        function.ready.set_exception(RuntimeError(body.decode(errors="replace")[:ERROR_CHARS]))
                else:
                    function._answer(request_id, body, is_error=kind == "error")
                self._send(202, b"{}", {"Content-Type": "application/json"})

            def _body(self) -> bytes:
                if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                chunks = []
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return RuntimeApi


class ProcessRuntimeExecutor(RuntimeExecutor):
    """An execution environment: its process, and the next one when that has ended."""

    def __init__(self, id: str, function_version):
        super().__init__(id, function_version)
        self._log: deque[str] = deque(maxlen=KEPT_LOG_LINES)
        self._environment: dict[str, str] = {}
        self._function: FunctionProcess | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        self._environment = {
            # Nothing of this process's environment but what a program cannot do without.
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            **{name: str(value) for name, value in env_vars.items()},
            "LAMBDA_TASK_ROOT": self._code(),
        }
        self._start_process()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id, timeout_s = payload["invoke-id"], int(self.function_version.config.timeout)
        self._log.clear()
        started = time.monotonic()
        try:
            if not self._function.alive:
                self._start_process()
            with self._known_to_be_busy(request_id):
                body, is_error = self._function.invoke(payload, timeout_s)
        except FutureTimeout:
            # As on Lambda: what did not answer in time is gone, with everything it had in memory.
            self._function.kill()
            why = f"RequestId: {request_id} Error: Task timed out after {timeout_s}.00 seconds"
            body, is_error = error_payload("Sandbox.Timedout", why), True
        except RuntimeError as error:
            body, is_error = error_payload("Runtime.InitError", str(error)), True
        logs = self._logs_of(request_id, (time.monotonic() - started) * 1_000)
        return InvocationResult(request_id, body, is_error=is_error, logs=logs)

    def stop(self) -> None:
        if self._function is not None:
            self._function.kill()

    def _start_process(self) -> None:
        node, runtime_client = os.environ["MILLRACE_NODE"], os.environ["MILLRACE_RUNTIME_CLIENT"]
        command = [node, runtime_client, self.function_version.config.handler]
        self._function = FunctionProcess(command, self._code(), self._environment, self._log.append)
        try:
            self._function.ready.result(timeout=config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT)
        except Exception:
            self._function.kill()
            raise

    def _known_to_be_busy(self, request_id: str):
        """Says in a file what is being done by which process: whoever tests with real kills needs to know when."""
        return BusyFile(self._function.process.pid, self.function_version.id, request_id)

    def _code(self) -> str:
        return str(self.function_version.config.code.get_unzipped_code_location())

    def _logs_of(self, request_id: str, elapsed_ms: float) -> str:
        # The answer may overtake the last lines.
        time.sleep(0.005)
        head = f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
        billed = f"Duration: {elapsed_ms:.2f} ms\tBilled Duration: {int(elapsed_ms) + 1} ms"
        memory = f"Memory Size: {self.function_version.config.memory_size} MB"
        tail = f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\t{billed}\t{memory}\n"
        return head + "".join(list(self._log)) + tail

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    def get_logs(self) -> str:
        return "".join(list(self._log))

    @classmethod
    def prepare_version(cls, function_version) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version) -> None:
        pass

    @classmethod
    def validate_environment(cls) -> bool:
        return True


class BusyFile:
    """`<pid>.json` in the folder of the run, there as long as that process has an invocation."""

    def __init__(self, pid: int, version, request_id: str):
        self._path = Path(os.environ["MILLRACE_BUSY_FOLDER"], f"{pid}.json")
        self._text = json.dumps(
            {"pid": pid, "function": version.function_name, "version": version.qualifier, "requestId": request_id}
        )

    def __enter__(self) -> None:
        # Whole or not there at all, for whoever reads meanwhile.
        partial = self._path.with_suffix(".partial")
        partial.write_text(self._text)
        partial.rename(self._path)

    def __exit__(self, *exception) -> None:
        self._path.unlink(missing_ok=True)


def install() -> None:
    # Its plugins are found in installed packages only; the modules that use this take it when they are loaded, later.
    runtime_executor.get_runtime_executor = lambda: ProcessRuntimeExecutor
