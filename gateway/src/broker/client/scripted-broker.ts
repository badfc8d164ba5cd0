import { type Duplex, duplexPair } from "node:stream";
import { generate, type IConnectPacket, type Packet, parser } from "mqtt-packet";

/** The broker's end of one connection: what the gateway sent, and a way to answer. */
export class ScriptedConnection {
  readonly received: Packet[] = [];
  readonly socket: Duplex;
  isClosed = false;
  readonly #reader = parser();

  constructor(socket: Duplex, answer: (packet: Packet, connection: ScriptedConnection) => void) {
    this.socket = socket;
    this.#reader.on("packet", (packet) => {
      this.received.push(packet);
      answer(packet, this);
    });
    socket.on("data", (bytes: Buffer) => this.#reader.parse(bytes));
    socket.on("end", () => {
      this.isClosed = true;
    });
    socket.on("error", () => undefined);
  }

  get version(): number | undefined {
    return (this.received[0] as IConnectPacket | undefined)?.protocolVersion;
  }

  of<C extends Packet["cmd"]>(cmd: C): Extract<Packet, { cmd: C }>[] {
    return this.received.filter((packet): packet is Extract<Packet, { cmd: C }> => packet.cmd === cmd);
  }

  send(...packets: Packet[]): void {
    const protocolVersion = this.version ?? 4;
    this.socket.write(Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion }))));
  }
}

/** Lets in and acknowledges everything, as brokers do. */
export function acceptAll(packet: Packet, connection: ScriptedConnection): void {
  const messageId = packet.messageId ?? 0;
  if (packet.cmd === "connect") {
    connection.send({ cmd: "connack", sessionPresent: false, returnCode: 0, reasonCode: 0 });
  } else if (packet.cmd === "subscribe") connection.send({ cmd: "suback", messageId, granted: [1] });
  else if (packet.cmd === "publish") connection.send({ cmd: "puback", messageId, reasonCode: 0 });
  else if (packet.cmd === "pingreq") connection.send({ cmd: "pingresp" });
  else if (packet.cmd === "disconnect") connection.socket.end();
}

/** A broker in memory, whose answers a test decides. */
export class ScriptedBroker {
  readonly connections: ScriptedConnection[] = [];
  answer = acceptAll;
  isAway = false;
  attempts = 0;

  openSocket = async (): Promise<Duplex> => {
    this.attempts++;
    if (this.isAway) throw new Error("connect ECONNREFUSED");
    const [near, far] = duplexPair();
    this.connections.push(
      new ScriptedConnection(far, (packet, connection) => this.answer(packet, connection)),
    );
    return near;
  };

  get last(): ScriptedConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error("Nobody has connected");
    return connection;
  }
}
