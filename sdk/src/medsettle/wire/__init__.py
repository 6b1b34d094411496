"""What till and gateway share: states, calls, reasons, signatures and the messages.

Importing this package loads nothing: each module is asked for by name, and only
``wire.signing`` needs cryptography, only ``wire.v1`` needs protobuf.
"""
