"""Learns a gateway's messages and calls from its reflection service, with grpcio and protobuf alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {"string": _FIELD.TYPE_STRING, "bytes": _FIELD.TYPE_BYTES, "message": _FIELD.TYPE_MESSAGE}
_PACKAGE = "grpc.reflection.v1alpha"
_METHOD = f"/{_PACKAGE}.ServerReflection/ServerReflectionInfo"

_PROTOCOL: dict[str, list[tuple[str, int, str, str]]] = {
    "ServerReflectionRequest": [
        ("file_by_filename", 3, "string", ""),
        ("file_containing_symbol", 4, "string", ""),
        ("list_services", 7, "string", ""),
    ],
    "ServerReflectionResponse": [
        ("file_descriptor_response", 4, "message", "FileDescriptorResponse"),
        ("list_services_response", 6, "message", "ListServiceResponse"),
    ],
    "FileDescriptorResponse": [("file_descriptor_proto", 1, "bytes*", "")],
    "ListServiceResponse": [("service", 1, "message*", "ServiceResponse")],
    "ServiceResponse": [("name", 1, "string", "")],
}
"""What is needed of the published reflection protocol: name, number, type, message; * is repeated."""


def _protocol() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="reflection.proto", package=_PACKAGE, syntax="proto3")
    for name, members in _PROTOCOL.items():
        message = file.message_type.add(name=name)
        for member, number, kind, target in members:
            message.field.add(
                name=member, number=number, type=_TYPES[kind.rstrip("*")],
                label=_FIELD.LABEL_REPEATED if kind.endswith("*") else _FIELD.LABEL_OPTIONAL,
                type_name=f".{_PACKAGE}.{target}" if target else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


@dataclass
class Learned:
    """What a gateway said of itself: its services, and messages made from its descriptors."""

    services: tuple[str, ...]
    pool: descriptor_pool.DescriptorPool = field(default_factory=descriptor_pool.DescriptorPool)

    def message(self, name: str) -> Any:
        """Returns a message class by its full name."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def method(self, service: str, method: str) -> Any:
        """Returns the descriptor of a call."""
        return self.pool.FindServiceByName(service).methods_by_name[method]


def learn(channel: grpc.Channel, files: Iterable[str] = ()) -> Learned:
    """Asks for every service that is announced, and for further files by name."""
    protocol = _protocol()

    def class_of(name: str) -> Any:
        return message_factory.GetMessageClass(protocol.FindMessageTypeByName(f"{_PACKAGE}.{name}"))

    ask, answer = class_of("ServerReflectionRequest"), class_of("ServerReflectionResponse")

    def asked(**question: str) -> Any:
        stream: Any = channel.stream_stream(_METHOD)
        sent = [ask(**question).SerializeToString()]
        (reply,) = stream(iter(sent), timeout=10)
        return answer.FromString(reply)

    listed = asked(list_services="*").list_services_response.service
    learned = Learned(tuple(each.name for each in listed))
    known: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    questions = [{"file_containing_symbol": name} for name in learned.services]
    for question in questions + [{"file_by_filename": name} for name in files]:
        for raw in asked(**question).file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(raw)
            known[file.name] = file
    _add(learned.pool, known)
    return learned


def _add(
    pool: descriptor_pool.DescriptorPool, files: dict[str, descriptor_pb2.FileDescriptorProto]
) -> None:
    """Adds files after those that they import."""
    added: set[str] = set()

    def add(name: str) -> None:
        if name not in added:
            added.add(name)
            for needed in files[name].dependency:
                add(needed)
            pool.Add(files[name])

    for name in files:
        add(name)
