// What the web server reads and does, made from the context of the command. Modules are loaded at the first request that needs
// them, because an idle server is to stay small.
import { Bs9Error } from "../base/errors.ts";
import type { Context } from "../context.ts";
import type { Deps } from "../lifecycle/deps.ts";
import type { WebSource } from "../web/source.ts";
import { loginRecorder } from "./web-logins.ts";

export function webSourceOf(context: Context): WebSource {
  const { registry, model, storage } = context;
  // A client polls, so what warns the user of a command would be printed again and again; answers contain it as notices.
  const reading = async (): Promise<Deps> => ({ ...(await context.deps()), warn: () => {}, progress: () => {} });
  return {
    names: () => registry.names(),
    async statuses() {
      const { observe } = await import("../lifecycle/observe.ts");
      return (await observe(registry.names(), await reading())).map(({ status }) => status);
    },
    async explained(observed) {
      const [{ explain, isUnexplained }, { badFirst }] = await Promise.all([
        import("../lifecycle/reason/explain.ts"),
        import("../status/status.ts"),
      ]);
      // explain() writes the reason into the status, which belongs to the caller.
      const own = observed.map((one) => (isUnexplained(one) ? { ...one, status: { ...one.status } } : one));
      await explain(own, await reading());
      return badFirst(own).map(({ status }) => status);
    },
    snapshot: () => model.now(registry.names()),
    follow: (options) => model.follow(options),
    async describe(name) {
      const { describeService } = await import("../lifecycle/describe.ts");
      return describeService(name, await reading());
    },
    logs: async (query, signal) => (await context.deps()).backend.logs(query, signal),
    storage,
    records: (before) => context.trail.newestFirst(before),
    findings: async () => (await import("./doctor.ts")).findingsHere(context, { trims: false }),
    loggedIn: loginRecorder(context),
    alerts: async () => (await import("./web-alerts.ts")).alertsSeen(context),
    acknowledge: async (id, http) => (await import("./web-alerts.ts")).acknowledgeFor(context, id, http),
    silence: async (idOrService, untilMs, http) => (await import("./web-alerts.ts")).silenceFor(context, idOrService, untilMs, http),
    testAlerts: async () => (await import("./alert.ts")).testedHere(context),
    async act(verb, name, http) {
      const [{ startDefined, stopDefined, restartDefined }, { observe }] = await Promise.all([
        import("../lifecycle/acts.ts"),
        import("../lifecycle/observe.ts"),
      ]);
      const deps: Deps = { ...(await context.prepare()), trail: context.trailOf("web", http), progress: () => {} };
      const work = {
        start: () => startDefined([name], deps, { linger: context.config.defaults.linger }),
        stop: () => stopDefined([name], deps),
        restart: () => restartDefined([name], deps, { latestRuntime: false }),
      };
      const [acted] = await work[verb]();
      if (acted === undefined) throw new Bs9Error("not-found", `there is no service named '${name}'`);
      const [observed] = await observe([name], await reading());
      return { acted, status: observed?.status ?? null };
    },
  };
}
