// Reads over one D-Bus connection to the user manager; the only file that knows the D-Bus library.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

/** `hasJob`: an act on it is queued or under way. */
export type BusUnit = { unit: string; load: string; active: string; sub: string; path: string; hasJob: boolean };

type Message = { destination?: string; path: string; interface: string; member: string; signature?: string; body?: unknown[] };

const systemd1 = "org.freedesktop.systemd1";
const absent = { load: "not-found", active: "inactive", sub: "dead", path: "", hasJob: false };
const timeoutMs = 5000;
const connectMs = 1500;

/** org.freedesktop.systemd1(5): name, description, load, active, sub, follower, object path, job id, job type, job path. */
const UnitList = v.array(v.looseTuple([v.string(), v.string(), v.string(), v.string(), v.string(), v.string(), v.string(), v.number()]));

/** What comes without a question: a signal, with its arguments. */
export type Signal = { path: string; interface: string; member: string; body: unknown[] };

type Wire = {
  invoke: (message: Message, options?: { timeout: number }) => Promise<unknown>;
  end: () => void;
  /** Null on systemd's own socket, where everything arrives. */
  match: ((rule: string) => Promise<void>) | null;
  onSignal: (listener: (signal: Signal) => void) => void;
  onLost: (listener: () => void) => void;
};

export class Bus {
  readonly #wire: Wire;

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /**
   * Connects to the user's message bus or to systemd's own socket, which works without a bus daemon: the first that answers
   * a ping. Returns null where neither does within `withinMs`.
   */
  static connect(runtimeDir: string, withinMs = connectMs): Promise<Bus | null> {
    const ways = waysIn(runtimeDir);
    const beganMs = performance.now();
    return new Promise((resolve) => {
      let open = 0;
      let isDone = false;
      let timer: Timer | undefined;
      const settle = (bus: Bus | null) => {
        isDone = true;
        clearTimeout(timer);
        resolve(bus);
      };
      const next = () => {
        clearTimeout(timer);
        const way = ways.shift();
        const [following] = ways;
        if (way === undefined) return settle(null);
        open++;
        const spentMs = performance.now() - beganMs;
        void opened(way, Math.max(1, withinMs - spentMs)).then((bus) => {
          open--;
          if (isDone) bus?.close();
          else if (bus !== null) settle(bus);
          else if (open === 0) next();
        });
        if (following !== undefined) timer = setTimeout(next, Math.max(0, following.afterMs - spentMs));
      };
      next();
    });
  }

  /** @internal */
  static of(invoke: Wire["invoke"], end: () => void, rest: Partial<Wire> = {}): Bus {
    return new Bus({ match: null, onSignal: () => {}, onLost: () => {}, ...rest, invoke, end });
  }

  /** The state of units, stopped and unloaded ones too, in the order of `units`. */
  async listByNames(units: string[]): Promise<BusUnit[]> {
    if (units.length === 0) return [];
    const listed = await this.#ask("ListUnitsByNames", "as", [units]);
    const byName = new Map(parseUnits(listed).map((unit) => [unit.unit, unit]));
    return units.map((unit) => byName.get(unit) ?? { ...absent, unit });
  }

  /** Every loaded unit. */
  async list(): Promise<BusUnit[]> {
    return parseUnits(await this.#ask("ListUnits", "", []));
  }

  /**
   * One property of one unit; calls made together travel together. Null where the unit has none of that name, or is gone;
   * throws where nobody says, as when the answer takes too long or the connection breaks off.
   */
  async property(path: string, kind: "Unit" | "Service", name: string): Promise<unknown> {
    try {
      return await this.#wire.invoke({
        destination: systemd1,
        path,
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        signature: "ss",
        body: [`${systemd1}.${kind}`, name],
      });
    } catch (error) {
      if (saysNone(error)) return null;
      throw error;
    }
  }

  /** All properties of one unit: as dear as a hundred single ones, so only for one unit. */
  async properties(path: string, kind: "Unit" | "Service"): Promise<Map<string, unknown>> {
    const all = await this.#wire.invoke({
      destination: systemd1,
      path,
      interface: "org.freedesktop.DBus.Properties",
      member: "GetAll",
      signature: "s",
      body: [`${systemd1}.${kind}`],
    });
    return new Map(Object.entries(v.parse(v.record(v.string(), v.unknown()), all)));
  }

  /** Has systemd send its signals here; until the connection ends, which `onLost` hears. */
  async subscribe(onSignal: (signal: Signal) => void, onLost: () => void): Promise<void> {
    this.#wire.onSignal(onSignal);
    this.#wire.onLost(onLost);
    // Not all of them: a daemon-reload tells of each unit that it has gone and come.
    await this.#wire.match?.(
      `type='signal',sender='${systemd1}',member='PropertiesChanged',path_namespace='/org/freedesktop/systemd1/unit'`,
    );
    await this.#wire.match?.(`type='signal',sender='${systemd1}',member='UnitFilesChanged'`);
    // That of the whole user manager coming back, as another process or not.
    await this.#wire.match?.(`type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${systemd1}'`);
    // Until somebody asks, systemd sends none (org.freedesktop.systemd1(5)).
    await this.#ask("Subscribe", "", []);
  }

  /** What systemd has sent before it answers has arrived by then. Throws after `withinMs`. */
  async ping(withinMs = timeoutMs): Promise<void> {
    await this.#wire.invoke(ping, { timeout: withinMs });
  }

  close(): void {
    this.#wire.end();
  }

  #ask(member: string, signature: string, body: unknown[]): Promise<unknown> {
    const message = { destination: systemd1, path: "/org/freedesktop/systemd1", interface: `${systemd1}.Manager`, member };
    return this.#wire.invoke(signature === "" ? message : { ...message, signature, body });
  }
}

type Way = { path: string; direct: boolean; afterMs: number };

/**
 * The sockets to try, each some time after the start, so that a bus daemon that hangs delays nothing for long. systemd's own
 * socket now and then leaves the first call of a connection without an answer; the next connection gets one.
 */
function waysIn(runtimeDir: string): Way[] {
  const own = join(runtimeDir, "systemd/private");
  const ways = [
    { path: join(runtimeDir, "bus"), direct: false, afterMs: 0 },
    ...[200, 400, 800].map((afterMs) => ({ path: own, direct: true, afterMs })),
  ];
  return ways.filter(({ path }) => existsSync(path));
}

/** Null where nothing answers in time, or nothing listens. */
async function opened({ path, direct }: Way, answerMs: number): Promise<Bus | null> {
  const { createClient } = await import("dbus-native");
  let end = () => {};
  // The library's own limit starts with the call, and not with the connection that the call waits for.
  let timer: Timer | undefined;
  try {
    // Its transport for descriptors needs a thread of its own; none is ever passed here.
    const client = createClient({ socket: path, timeout: timeoutMs, fdTransport: false, direct });
    // The library tells of a lost connection here; calls that wait are failed by it, so nothing is left to do.
    client.connection.on("error", () => {});
    // Its end() waits for the other side to answer it, which systemd's own socket does not always do.
    end = () => client.connection.stream.destroy();
    const invoke = async (message: Message, options = {}): Promise<unknown> =>
      client.invoke(direct ? withoutDestination(message) : message, options);
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${answerMs} ms`)), answerMs);
    });
    const answer = invoke(ping);
    answer.catch(() => {});
    await Promise.race([answer, late]);
    return Bus.of(invoke, end, {
      match: direct ? null : async (rule) => client.addMatch(rule),
      onSignal(listener) {
        client.connection.on("message", ({ type, path, interface: name, member, body }) => {
          if (type === signalType && path && name && member) listener({ path, interface: name, member, body: body ?? [] });
        });
      },
      onLost(listener) {
        // Whichever comes first.
        for (const ending of ["end", "close"]) client.connection.once(ending, listener);
      },
    });
  } catch {
    end();
    return null;
  } finally {
    clearTimeout(timer);
  }
}

const ping = { destination: systemd1, path: "/org/freedesktop/systemd1", interface: "org.freedesktop.DBus.Peer", member: "Ping" };
const signalType = 4;

/** Only the other side can say so: what fails on the way has no such name (the D-Bus specification, "Standard error names"). */
function saysNone(error: unknown): boolean {
  if (!(error instanceof Error) || !("dbusName" in error)) return false;
  return ["UnknownProperty", "UnknownObject"].some((name) => error.dbusName === `org.freedesktop.DBus.Error.${name}`);
}

/** On systemd's private socket there is one peer, and no names. */
function withoutDestination({ destination: _destination, ...message }: Message): Message {
  return message;
}

function parseUnits(list: unknown): BusUnit[] {
  return v.parse(UnitList, list).map(([unit, , load, active, sub, , path, job]) => ({ unit, load, active, sub, path, hasJob: job !== 0 }));
}
