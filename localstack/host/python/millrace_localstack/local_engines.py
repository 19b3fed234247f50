"""Starts the engines behind Kinesis and DynamoDB from what is installed already, and has everything listen on loopback only.

LocalStack would download the engines on first use; they, and its own gateway whatever GATEWAY_LISTEN says, listen on all interfaces.
"""

import functools
import json
import os

from localstack.services.dynamodb.packages import DynamoDBLocalPackageInstaller
from localstack.services.dynamodb.server import DynamodbServer
from localstack.services.kinesis.kinesis_mock_server import KinesisMockNodeServer
from localstack.services.kinesis.packages import KinesisMockNodePackageInstaller
from twisted.internet import endpoints

LOOPBACK = "127.0.0.1"


def _dynamodb_command(server: DynamodbServer) -> list[str]:
    return [*json.loads(os.environ["MILLRACE_DYNAMODB_LOCAL"]), "-port", str(server.port), "-inMemory"]


def _kinesis_command(server: KinesisMockNodeServer) -> tuple[list, dict]:
    command = [os.environ["MILLRACE_NODE"], "--require", os.environ["MILLRACE_LOOPBACK_ONLY"], server._exe_path]
    return command, server._environment_variables


def _already_installed(self, *args, **kwargs) -> None:
    pass


def install() -> None:
    # Looked up there when the gateway is registered, later.
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface=LOOPBACK)
    DynamoDBLocalPackageInstaller.install = _already_installed
    DynamoDBLocalPackageInstaller.get_java_env_vars = lambda self: {}
    DynamodbServer._create_shell_command = _dynamodb_command
    KinesisMockNodePackageInstaller.install = _already_installed
    KinesisMockNodePackageInstaller.get_executable_path = lambda self: os.environ["MILLRACE_KINESIS_LOCAL"]
    KinesisMockNodeServer._create_shell_command = _kinesis_command
