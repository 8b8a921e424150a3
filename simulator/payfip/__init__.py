"""A stand-in for PayFiP, the Treasury's payment service: its SOAP interface and its payment page, without
money.

    python -m simulator.payfip --port 8001

A program of its own, on the loopback address only; `./portail demo` starts it beside the server, `./portail
serve` never does.
"""
