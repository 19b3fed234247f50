"""LocalStack as a process of this machine: no container, nothing downloaded while it runs, loopback only.

Started by ../../start-localstack.ts, which sets the environment. LocalStack itself is as released; what is replaced is only
how it starts the three kinds of processes that it needs, each of which is installed beforehand.
"""

import os
import signal
import sys
import threading
import time

STOP_TIMEOUT_S = 10


def follow_parent() -> None:
    """Ends LocalStack when whoever started it is gone, however it ended: then the pipe on standard input closes."""
    # Killed as a group below: it has to be a group of its own.
    if os.getpgrp() != os.getpid():
        os.setpgrp()

    def wait_and_end() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        # LocalStack's handler stops its services in good order.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_TIMEOUT_S)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait_and_end, daemon=True).start()


def main() -> None:
    follow_parent()
    from millrace_localstack import lambda_processes, local_engines

    local_engines.install()
    lambda_processes.install()
    from localstack.runtime.main import main as run_localstack

    try:
        run_localstack()
    finally:
        lambda_processes.kill_all()


if __name__ == "__main__":
    main()
