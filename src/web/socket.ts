// The WebSockets of the server: each is a listener of the hub.
import type { WebSocketHandler } from "bun";
import type { Hub, StreamListener, StreamPlace } from "./hub.ts";

export const sockets = { total: 64, viewers: 48, each: 24 };
/** A client has nothing to say. */
const maxMessageBytes = 1024;
/** The server sends pings, so that a client that has gone without a word is noticed. */
const idleSeconds = 60;

/** `left` frees the place of the WebSocket. */
export type SocketState = { place: StreamPlace | null; isAllowed: () => boolean; left: () => void; listener: StreamListener | null };

export function webSocketOf(hub: Hub): WebSocketHandler<SocketState> {
  return {
    maxPayloadLength: maxMessageBytes,
    idleTimeout: idleSeconds,
    sendPings: true,
    perMessageDeflate: false,
    open(socket) {
      const { place, isAllowed } = socket.data;
      const listener: StreamListener = {
        send: (text) => void socket.send(text),
        unsent: () => socket.getBufferedAmount(),
        isAllowed,
        close: (code, why) => (code === stalled ? socket.terminate() : socket.close(code, why)),
      };
      socket.data.listener = listener;
      hub.join(listener, place);
    },
    drain: (socket) => {
      const { listener } = socket.data;
      if (listener !== null) hub.flow(listener);
    },
    message: (socket) => socket.close(1008, "this server takes no messages"),
    close: (socket) => {
      const { listener, left } = socket.data;
      left();
      if (listener !== null) hub.leave(listener);
    },
  };
}

/** A client that reads nothing would not read why it is disconnected, either. */
const stalled = 4408;

type UpgradeOptions = NonNullable<Parameters<Bun.Server<SocketState>["upgrade"]>[1]>;

/** Makes the connection of a request a WebSocket; false where the request does not ask for one. */
export function upgraded(server: Bun.Server<SocketState>, request: Request, state: SocketState): boolean {
  const options = {} as UpgradeOptions;
  options.data = state;
  return server.upgrade(request, options);
}
