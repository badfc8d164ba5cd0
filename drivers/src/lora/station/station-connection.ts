import type { SocketAddress } from "../../driver.ts";

/** What a client asks for before its WebSocket opens. */
export interface StationRequest {
  /** Of the URL, without the query. */
  path: string;
  /** As the client wrote it: "host:port". */
  host?: string;
  authorization?: string;
  /** Sent by browsers for a web page, and by no station. */
  origin?: string;
  remote: SocketAddress;
}

/** What happens on an open connection. After `closed` nothing more does. */
export interface ConnectionEvents {
  text(text: string): void;
  binary(byteCount: number): void;
  /** The other end is alive: it pinged, or answered a ping. */
  alive(): void;
  /** The other end broke the WebSocket protocol or a limit; `closed` follows. */
  broken(why: string): void;
  closed(): void;
}

/** One WebSocket that a station opened. None of its methods throws. */
export interface StationConnection {
  readonly request: StationRequest;
  listen(events: ConnectionEvents): void;
  /** False when it cannot be sent: the connection is closed, or the other end does not read. */
  send(text: string): boolean;
  ping(): void;
  /** Ends it at once, without waiting for the other end. */
  terminate(): void;
}

export type RefusedStatus = 401 | 403 | 404 | 503;

/**
 * Why somebody who connected was turned away: the token, a web page, the path, no room; a station that looks for CUPS;
 * one that speaks no TLS where it is spoken, or TLS where it is not; one without a certificate of the right authority,
 * and a TLS handshake that failed otherwise, as where the station does not trust our certificate.
 */
export type StationTrouble =
  | "token"
  | "web-page"
  | "path"
  | "full"
  | "cups"
  | "plain"
  | "tls"
  | "client-certificate"
  | "handshake";

export interface ListenerEvents {
  /** The HTTP status of the answer; 101 opens the WebSocket. */
  admit(request: StationRequest): 101 | RefusedStatus;
  opened(connection: StationConnection): void;
  /** Somebody connected and could not even ask for a WebSocket. */
  refused(trouble: StationTrouble, host: string): void;
  /** The listener is gone; nothing more happens. */
  lost(error: Error): void;
}

/** Where stations connect: a WebSocket server or a fake. */
export interface StationListener {
  readonly local: SocketAddress;
  readonly isSecure: boolean;
  /** Why the certificate that is on disk now is not used; the one before it is. */
  readonly certificateProblem?: string | undefined;
  /** Called once, before anything connects. */
  start(events: ListenerEvents): void;
  /** Ends all connections too. */
  close(): Promise<void>;
}
