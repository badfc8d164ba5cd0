/** What one client, one address and all of them together may cost the broker. */

/** A packet is at most 1 KiB; the rest is topic, will, login token and client id. Announced to MQTT 5 clients. */
export const MAX_FRAME_BYTES = 8192;
/** Packets of one client that are not stored yet; beyond it the socket is not read. Announced to MQTT 5 clients. */
export const RECEIVE_MAXIMUM = 256;
/** Bytes that were read and wait for earlier packets to be stored, over all connections: the greatest holder goes first. */
export const MAX_HELD_BYTES = 256 * 1024 * 1024;

/** How long a connection may take to log in. */
export const LOGIN_LIMIT_MS = 10_000;
/** Connections that have not logged in: when one more comes the oldest goes. */
export const MAX_WAITING_CONNECTIONS = 1024;

/** Below this many unsent bytes a socket is given more queued messages. */
export const READY_BYTES = 16 * 1024;
/** A socket with more unsent bytes is closed. */
export const MAX_BACKLOG_BYTES = 256 * 1024;
/** A socket that takes nothing for so long is closed. */
export const STALL_LIMIT_MS = 30_000;
/** How long a client may take to close its side after the broker closed its own. */
export const CLOSE_LIMIT_MS = 2000;

/** A hotspot needs two: the entropy and its own messages. */
export const MAX_FILTERS = 4;
export const MAX_FILTERS_A_PACKET = 8;
/** PINGREQ, SUBSCRIBE, UNSUBSCRIBE and needless PUBACKs of one connection; beyond it the connection is closed. */
export const CONTROL_PACKETS = { burst: 100, perSecond: 10 } as const;

/** QoS 1 messages sent to a client that it has not acknowledged; fewer if it says so. */
export const MAX_UNACKNOWLEDGED = 32;
/** Messages kept for one hotspot until it acknowledges them; further ones are in the API. */
export const MAX_QUEUED_MESSAGES = 256;
/** The same over all sessions, in bytes: the session that has been away for longest goes first. */
export const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Sessions of hotspots that are away: the one that has been away for longest goes first. */
export const MAX_AWAY_SESSIONS = 10_000;
/** A session is kept for at most this long, whatever the client asks for. */
export const MAX_SESSION_EXPIRY_S = 86_400;
