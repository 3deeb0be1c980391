// Reads units through another process of this user that holds a D-Bus connection, which is the agent: a command that opens a
// connection of its own needs 20 ms for it.
import * as v from "valibot";
import { type AgentSocket, versionText } from "../../backend/agent-socket.ts";
import { failed } from "../../base/errors.ts";
import type { Bus, BusUnit } from "./bus.ts";

/** The reads of a D-Bus connection that commands need. */
export type UnitReader = Pick<Bus, "listByNames" | "property" | "ping" | "close">;

const Call = v.variant("read", [
  v.strictObject({ read: v.literal("ping") }),
  v.strictObject({ read: v.literal("units"), units: v.array(v.string()) }),
  v.strictObject({ read: v.literal("property"), path: v.string(), kind: v.picklist(["Unit", "Service"]), name: v.string() }),
]);
type Call = v.InferOutput<typeof Call>;

/** If there are more reads than this, they are sent in several requests, because the size of a request is limited. */
const maxCalls = 1000;
const Calls = v.pipe(v.array(Call), v.maxLength(maxCalls));

const Units = v.array(
  v.strictObject({ unit: v.string(), load: v.string(), active: v.string(), sub: v.string(), path: v.string(), hasJob: v.boolean() }),
);

/** Passes the reads on to the agent and returns one answer for each; null where the agent does not answer in time. */
export type Relay = (calls: unknown[], withinMs: number) => Promise<unknown[] | null>;

const UnitsAnswer = v.looseObject({ version: v.literal(versionText), units: v.array(v.unknown()) });

/**
 * The relay over the socket of the agent; an agent of another version is not used. A late answer here does not make the agent
 * count as absent, because the agent may be waiting for the user manager.
 */
export function relayThrough(socket: AgentSocket): Relay {
  return async (calls, withinMs) => {
    const answer = v.safeParse(UnitsAnswer, await socket.ask({ ask: "units", calls }, { withinMs, isSilentIfLate: false }));
    return answer.success ? answer.output.units : null;
  };
}

/** Under sudo the agent may belong to another user, and has another user manager. */
export type UserManagerId = { uid: number; runtimeDir: string };
const UserManagerId = v.strictObject({ uid: v.number(), runtimeDir: v.string() });

/** How long the first answer may take: after this a connection of one's own is faster. */
const firstMs = 50;
/** How long later answers may take: systemd needs 20 ms for each unit that it has to load again. */
const answerMs = 500;
/** How long a connection that has failed once may need to show that it still works. */
const checkMs = 1000;

/**
 * More units are read over a connection of one's own, because an act on many services keeps the agent busy with the same
 * services.
 */
const maxUnits = 16;

type Waiting = { call: Call; settle: (answer: unknown) => void; fail: (error: Error) => void };

export class RelayedReader implements UnitReader {
  readonly #relay: Relay;
  #waiting: Waiting[] = [];

  private constructor(relay: Relay) {
    this.#relay = relay;
  }

  /**
   * Connects to the agent. Null if the agent or its D-Bus connection does not answer within 50 ms, or if the agent belongs to
   * another user manager.
   */
  static async connect(relay: Relay, { uid, runtimeDir }: UserManagerId): Promise<RelayedReader | null> {
    const reader = new RelayedReader(relay);
    const answer = v.safeParse(UserManagerId, await reader.#ask({ read: "ping" }, firstMs).catch(() => null));
    return answer.success && answer.output.uid === uid && answer.output.runtimeDir === runtimeDir ? reader : null;
  }

  async listByNames(units: string[]): Promise<BusUnit[]> {
    if (units.length > maxUnits) throw new Error(`the agent reads at most ${maxUnits} units for others`);
    return v.parse(Units, await this.#ask({ read: "units", units }));
  }

  property(path: string, kind: "Unit" | "Service", name: string): Promise<unknown> {
    return this.#ask({ read: "property", path, kind, name });
  }

  async ping(withinMs = answerMs): Promise<void> {
    await this.#ask({ read: "ping" }, withinMs);
  }

  close(): void {}

  /** Reads that are requested at the same time are sent to the agent together. */
  #ask(call: Call, withinMs = answerMs): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.push({ call, settle: resolve, fail: reject });
    if (this.#waiting.length === 1) queueMicrotask(() => this.#sendAll(withinMs));
    return promise;
  }

  #sendAll(withinMs: number): void {
    while (this.#waiting.length > 0) void this.#send(this.#waiting.splice(0, maxCalls), withinMs);
  }

  async #send(sent: Waiting[], withinMs: number): Promise<void> {
    const calls = sent.map(({ call }) => call);
    const answers = await this.#relay(calls, withinMs).catch(() => null);
    for (const [i, { settle, fail }] of sent.entries()) {
      if (answers?.length === sent.length) settle(answers[i]);
      else fail(new Error("the agent did not read the units"));
    }
  }
}

type Held = { bus(): Promise<UnitReader | null>; drop(bus: UnitReader): Promise<void> };

/**
 * The agent's side: answers the reads of another process over the D-Bus connection of this process. Throws where D-Bus does not
 * answer.
 */
export async function answerCalls(asked: unknown, connection: Held, { uid, runtimeDir }: UserManagerId): Promise<unknown[]> {
  const calls = v.parse(Calls, asked);
  const bus = await connection.bus();
  if (bus === null) throw failed("D-Bus is unavailable");
  try {
    return await Promise.all(calls.map((call) => answerOf(call, bus, { uid, runtimeDir })));
  } catch (error) {
    // The failure may come from the request itself, so the connection is dropped only if it does not work any more.
    await bus.ping(checkMs).catch(() => connection.drop(bus));
    throw error;
  }
}

async function answerOf(call: Call, bus: UnitReader, userManager: UserManagerId): Promise<unknown> {
  if (call.read === "units") return bus.listByNames(call.units);
  if (call.read === "property") return bus.property(call.path, call.kind, call.name);
  await bus.ping();
  return userManager;
}
