"""Connections to an MQTT broker, through aiomqtt: MQTT 5, so that what is retained can expire.

What aiomqtt leaves behind when a connection attempt fails or is cancelled is cleared away here. Never: a word of a
password in a message or a log; a wait for the broker that has no end.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiomqtt
from paho.mqtt import client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from state.broker import Admit, BrokerAway, BrokerRefuses, Message, Noted, Use

ANSWER_SECONDS = 5.0
DIAL_SECONDS = 2.0
LEAVE_SECONDS = 0.5
KEEPALIVE = 15
"""Seconds; a broker gives a silent client up after one and a half times as many, and tells its will."""
FIRST_REST, LONGEST_REST = 0.1, 5.0
PROOF_SECONDS = 2.0
"""How long a broker that has refused must take what it is told before it is called well again."""
LARGEST = 256 * 1024
WAITING = 1000
"""Messages taken in and not yet read; more than those are dropped."""
AT_LEAST_ONCE, ONCE = 1, 2

# The libraries' own log goes nowhere: it has a terminal's line for each thing that is handled here.
_LOG = logging.getLogger("tianting.mqtt")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


class _Client(aiomqtt.Client):
    """Over a socket that is connected already: aiomqtt's own way holds a thread for as long as the broker does not
    answer, and nothing ends that thread. `refused` says why the broker did not take a message; "" while it took all."""

    refused = ""

    def begin(self, sock: socket.socket) -> None:
        """Say hello."""
        self.pending_calls_threshold = WAITING
        self._client._create_socket_connection = lambda: sock  # type: ignore[method-assign]
        super()._client_connect()

    def _client_connect(self) -> None:
        """What `__aenter__` has a thread do: it is done."""

    async def answered(self) -> None:
        """Until the broker has let us in; `MqttError` when it does not."""
        gone = self._disconnected
        await self.__aenter__()
        if gone.done():  # meanwhile; `__aenter__` forgets that
            raise gone.exception() or aiomqtt.MqttError("it hung up")

    def _on_publish(
        self, client: paho.Client, userdata: object, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        """aiomqtt takes every answer for a good one."""
        if reason_code.is_failure:
            self.refused = str(reason_code)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def clear_away(self) -> None:
        """End the connection without a word, with the reader and the task that it has on the loop."""
        self._client._sock_close()
        if self._disconnected.done():
            self._disconnected.exception()  # else asyncio complains that nobody has asked why


@dataclass(frozen=True, slots=True)
class _Line:
    client: _Client

    async def lost(self) -> None:
        """Until the connection is; then `BrokerAway`. Who has nothing to tell would not learn of it."""
        gone = self.client._disconnected
        await asyncio.wait([gone])
        raise BrokerAway("it hung up")

    async def tell(self, messages: Sequence[Message]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for message in messages:
                    group.create_task(self._tell(message))
        except* (aiomqtt.MqttError, OSError, ValueError) as several:
            raise BrokerAway(_why(several)) from None
        if self.client.refused:
            raise BrokerRefuses(f"it does not take what it is told ({self.client.refused}), see its access list")

    async def _tell(self, message: Message) -> None:
        properties = _properties(PacketTypes.PUBLISH, message.expires)
        if message.correlation:
            properties.CorrelationData = message.correlation
        await self.client.publish(
            message.topic, message.text.encode(), AT_LEAST_ONCE, message.retain, properties=properties
        )

    async def hear(self, topic: str) -> None:
        options = SubscribeOptions(qos=ONCE)
        try:
            [code, *_] = await self.client.subscribe(topic, options=options)
        except (aiomqtt.MqttError, OSError) as error:
            raise BrokerAway(_why(error)) from None
        if getattr(code, "is_failure", False):
            raise BrokerAway(f"it does not let us listen to {topic}: {code}")

    async def heard(self) -> Message:
        try:
            found = await anext(aiter(self.client.messages))
        except (aiomqtt.MqttError, OSError) as error:
            raise BrokerAway(_why(error)) from None
        text = bytes(found.payload).decode("utf-8", "replace")
        correlation = getattr(found.properties, "CorrelationData", b"")
        return Message(found.topic.value, text, bool(found.retain), correlation=correlation)


def _why(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or "it does not answer"


def _properties(packet: int, expires: int | None) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    if expires is not None:
        properties.MessageExpiryInterval = expires
    return properties


@dataclass(frozen=True, slots=True)
class MqttBroker:
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def line(self, name: str, will: Message | None = None) -> AsyncIterator[_Line]:
        client = _Client(
            self.host,
            port=self.port,
            will=_will(will),
            username=self.username,
            password=self.password,
            identifier=name,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            keepalive=KEEPALIVE,
            timeout=ANSWER_SECONDS,
            logger=_LOG,
            max_queued_incoming_messages=WAITING,
        )
        sock = await self._dial()
        try:
            try:
                sock = await self._secured(sock)
                client.begin(sock)
                await client.answered()
            except (aiomqtt.MqttError, OSError) as error:  # a fault of TLS is an OSError too
                raise BrokerAway(_why(error)) from None
            try:
                yield _Line(client)
            finally:
                await _leave(client)
        finally:
            client.clear_away()
            sock.close()

    async def _secured(self, sock: socket.socket) -> socket.socket:
        """The socket itself, or TLS over it."""
        if self.tls is None:
            return sock
        loop = asyncio.get_running_loop()
        secure = self.tls.wrap_socket(sock, server_hostname=self.host, do_handshake_on_connect=False)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while True:
                    try:
                        secure.do_handshake()
                        return secure
                    except ssl.SSLWantReadError:
                        await _ready(secure, loop.add_reader, loop.remove_reader)
                    except ssl.SSLWantWriteError:
                        await _ready(secure, loop.add_writer, loop.remove_writer)
        except BaseException:
            secure.close()
            raise

    async def _dial(self) -> socket.socket:
        """A connected socket."""
        loop = asyncio.get_running_loop()
        why = "its name leads nowhere"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                places = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError) as error:
            raise BrokerAway(f"its name is not known: {error}") from None
        for family, kind, protocol, _, place in places:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setblocking(False)
                async with asyncio.timeout(DIAL_SECONDS):
                    await loop.sock_connect(sock, place)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except (OSError, TimeoutError) as error:
                sock.close()
                why = os.strerror(error.errno) if error.errno else "no answer"
            except BaseException:
                sock.close()
                raise
        raise BrokerAway(why)

    async def keep(
        self, name: str, use: Use, will: Message | None = None, noted: Noted | None = None, admit: Admit | None = None
    ) -> None:
        rest, refused = FIRST_REST, False
        while True:
            if admit is None or await admit():
                try:
                    async with self.line(name, will) as line, asyncio.TaskGroup() as group:
                        rest = rest if refused else FIRST_REST
                        beside = [group.create_task(line.lost())]
                        if noted:
                            beside.append(group.create_task(_well(noted, PROOF_SECONDS if refused else 0.0)))
                        await use(line)
                        for task in beside:
                            task.cancel()
                    return
                except* BrokerAway as several:
                    refused = several.subgroup(BrokerRefuses) is not None
                    if noted:
                        how = "refuses" if refused else "is away"
                        noted(f"the broker at {self.host}:{self.port} {how}: {_why(several)}")
            await asyncio.sleep(rest)
            rest = min(2 * rest, LONGEST_REST)


async def _well(noted: Noted, proof: float) -> None:
    """Note that the broker is there, once the line has lasted for `proof` seconds."""
    await asyncio.sleep(proof)
    noted("")


async def _ready(
    sock: socket.socket,
    add: Callable[[socket.socket, Callable[[], None]], None],
    remove: Callable[[socket.socket], bool],
) -> None:
    ready = asyncio.Event()
    add(sock, ready.set)
    try:
        await ready.wait()
    finally:
        remove(sock)


def _will(will: Message | None) -> aiomqtt.Will | None:
    if will is None:
        return None
    properties = _properties(PacketTypes.WILLMESSAGE, will.expires)
    return aiomqtt.Will(will.topic, will.text.encode(), AT_LEAST_ONCE, will.retain, properties)


async def _leave(client: _Client) -> None:
    """Say that this is no death. A broker that does not take even that is left as it is, and tells the will."""
    client.timeout = LEAVE_SECONDS
    with suppress(aiomqtt.MqttError, OSError):
        await client.__aexit__(None, None, None)
