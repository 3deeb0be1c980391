// Reads over one D-Bus connection to the user manager; the only file that imports the D-Bus library.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

/** `hasJob`: a job of the unit is queued or running. */
export type BusUnit = { unit: string; load: string; active: string; sub: string; path: string; hasJob: boolean };

type Message = { destination?: string; path: string; interface: string; member: string; signature?: string; body?: unknown[] };

const systemd1 = "org.freedesktop.systemd1";
const absent = { load: "not-found", active: "inactive", sub: "dead", path: "", hasJob: false };
const timeoutMs = 5000;
const connectMs = 1500;

/** org.freedesktop.systemd1(5): name, description, load, active, sub, follower, object path, job id, job type, job path. */
const UnitList = v.array(v.looseTuple([v.string(), v.string(), v.string(), v.string(), v.string(), v.string(), v.string(), v.number()]));

/** A message that arrives without a request: a signal with its arguments. */
export type Signal = { path: string; interface: string; member: string; body: unknown[] };

type Wire = {
  invoke: (message: Message, options?: { timeout: number }) => Promise<unknown>;
  end: () => void;
  /** Adds a match rule for signals; null on the private socket of systemd, where every signal arrives without match rules. */
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
   * Connects to the user's message bus, or to the private socket of systemd, which works without a bus daemon: the first that
   * answers a ping is used. Returns null where neither answers within `withinMs`.
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

  /** The state of these units in the order of `units`, including stopped and unloaded ones. */
  async listByNames(units: string[]): Promise<BusUnit[]> {
    if (units.length === 0) return [];
    const listed = parseUnits(await this.#ask("ListUnitsByNames", "as", [units]));
    // systemd answers in the order of the names, and leaves out invalid ones. An alias is answered with the name of its unit.
    if (listed.length === units.length) return listed.map((one, i) => ({ ...one, unit: units[i] ?? one.unit }));
    const byName = new Map(listed.map((unit) => [unit.unit, unit]));
    return units.map((unit) => byName.get(unit) ?? { ...absent, unit });
  }

  /** All loaded units. */
  async list(): Promise<BusUnit[]> {
    return parseUnits(await this.#ask("ListUnits", "", []));
  }

  /**
   * Reads one property of one unit; calls made at the same time are sent together. Null where the unit does not have the
   * property, or does not exist. Throws where there is no answer, for example after a timeout or a lost connection.
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

  /** Reads all properties of one unit. This costs as much as a hundred single properties, so it is used for one unit only. */
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

  /** Subscribes to the signals of systemd until the connection ends; `onLost` is called at its end. */
  async subscribe(onSignal: (signal: Signal) => void, onLost: () => void): Promise<void> {
    this.#wire.onSignal(onSignal);
    this.#wire.onLost(onLost);
    // The subscription is limited to these signals, because a daemon-reload sends UnitNew and UnitRemoved for every unit.
    await this.#wire.match?.(
      `type='signal',sender='${systemd1}',member='PropertiesChanged',path_namespace='/org/freedesktop/systemd1/unit'`,
    );
    await this.#wire.match?.(`type='signal',sender='${systemd1}',member='UnitFilesChanged'`);
    // This signal reports that the user manager is back on the bus, with the same process or a new one.
    await this.#wire.match?.(`type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${systemd1}'`);
    // systemd sends no signals before a client subscribes (org.freedesktop.systemd1(5)).
    await this.#ask("Subscribe", "", []);
  }

  /** When the answer arrives, everything that systemd sent before it has arrived too. Throws after `withinMs`. */
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
 * The sockets to try, each with a delay, so that a hanging bus daemon costs little time. The private socket of systemd
 * sometimes does not answer the first call of a connection, so it is tried on several connections.
 */
function waysIn(runtimeDir: string): Way[] {
  const own = join(runtimeDir, "systemd/private");
  const ways = [
    { path: join(runtimeDir, "bus"), direct: false, afterMs: 0 },
    ...[200, 400, 800].map((afterMs) => ({ path: own, direct: true, afterMs })),
  ];
  return ways.filter(({ path }) => existsSync(path));
}

/** Opens a D-Bus connection over one socket; null if nothing listens there, or nothing answers in time. */
async function opened({ path, direct }: Way, answerMs: number): Promise<Bus | null> {
  const { createClient } = await import("dbus-native");
  let end = () => {};
  // The timeout of the library starts with the call and does not include the connection that the call waits for.
  let timer: Timer | undefined;
  try {
    // The transport for file descriptors needs a thread of its own, and no descriptors are passed here.
    const client = createClient({ socket: path, timeout: timeoutMs, fdTransport: false, direct });
    // The library reports a lost connection here. It also fails the calls that wait, so nothing needs to be done.
    client.connection.on("error", () => {});
    // end() of the library waits for an answer from the other side, which the private socket of systemd does not always send.
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
        // Whichever event comes first calls the listener.
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

/**
 * Only the other side sends these error names: errors of the connection have none (D-Bus specification, "Standard error
 * names").
 */
function saysNone(error: unknown): boolean {
  if (!(error instanceof Error) || !("dbusName" in error)) return false;
  return ["UnknownProperty", "UnknownObject"].some((name) => error.dbusName === `org.freedesktop.DBus.Error.${name}`);
}

/** The private socket of systemd has a single peer and no bus names. */
function withoutDestination({ destination: _destination, ...message }: Message): Message {
  return message;
}

function parseUnits(list: unknown): BusUnit[] {
  return v.parse(UnitList, list).map(([unit, , load, active, sub, , path, job]) => ({ unit, load, active, sub, path, hasJob: job !== 0 }));
}
