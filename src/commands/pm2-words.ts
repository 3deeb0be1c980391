// What users of PM2 type by habit and bs9 does not have: for each command and option one line on what replaces it. Pure.

type Replacement = { what: string; hint: string };

const commands: Record<string, Replacement> = {
  save: { what: "save is not needed: bs9 keeps each service as it is started, and systemd starts it at boot", hint: "bs9 status" },
  dump: { what: "dump is not needed: services come back at boot, as they are", hint: "bs9 status" },
  startup: {
    what: "startup is not needed: start makes services come back at boot, and doctor says what keeps them from it",
    hint: "bs9 doctor",
  },
  unstartup: { what: "unstartup is not needed: a stopped service does not come back at boot", hint: "bs9 stop NAME" },
  resurrect: { what: "resurrect is not needed: where systemd runs the machine, services come back at boot", hint: "bs9 start all" },
  flush: { what: "flush is not needed: journald and bs9 keep the size of logs bounded", hint: "bs9 logs NAME" },
  update: {
    what: "update is not needed: services run on while bs9 is replaced; an upgrade of bs9 replaces its file alone",
    hint: "bs9 restart NAME --runtime latest",
  },
  monit: { what: "monit is not in this version: status --watch keeps the table of services up to date", hint: "bs9 status --watch" },
  reload: { what: "reload is not in this version: restart stops a service and starts it again", hint: "bs9 restart NAME" },
  scale: {
    what: "scale is not in this version: a service is one process; start several under names of their own",
    hint: "bs9 start app.ts --name web-2 --port 3001",
  },
  id: { what: "id is not needed: services have names and no numbers", hint: "bs9 status -q" },
  kill: { what: "kill is not needed: stop ends services, and no process of bs9 has to end for that", hint: "bs9 stop all" },
  env: { what: "env would show secrets: describe shows the names of a service's variables", hint: "bs9 describe NAME" },
};

const options: Record<string, Replacement> = {
  i: {
    what: "-i is not in this version: a service is one process; start several under names of their own",
    hint: "bs9 start app.ts --name web-2 --port 3001",
  },
  instances: {
    what: "--instances is not in this version: a service is one process; start several under names of their own",
    hint: "bs9 start app.ts --name web-2 --port 3001",
  },
  interpreter: {
    what: "--interpreter is --runtime here, or the program itself with the file behind --",
    hint: "bs9 start python3 -- app.py",
  },
  "max-memory-restart": {
    what: "--max-memory-restart is --memory here: systemd keeps the limit, and starts the service again where it is passed",
    hint: "bs9 start app.ts --memory 300M",
  },
  "cron-restart": {
    what: "--cron-restart is not in this version; a timer of systemd can restart a service",
    hint: "systemd-run --user --on-calendar=daily bs9 restart NAME",
  },
  time: { what: "--time is not needed: logs shows the time of each line", hint: "bs9 logs NAME" },
  tail: { what: "--tail is not needed: logs ends after the last lines, and -f follows", hint: "bs9 logs NAME -f" },
  autorestart: { what: "--no-autorestart is --restart no here", hint: "bs9 start app.ts --restart no" },
  "kill-timeout": { what: "--kill-timeout is --stop-timeout here, with a unit", hint: "bs9 start app.ts --stop-timeout 5s" },
  "update-env": { what: "--update-env is not needed: restart and start read the files of --env-file again", hint: "bs9 restart NAME" },
  daemon: { what: "--no-daemon is a command here", hint: "bs9 run app.ts" },
};

/** What replaces a command of PM2; null for a word that is none. */
export const replacedCommand = (word: string): Replacement | null => (Object.hasOwn(commands, word) ? (commands[word] ?? null) : null);

/** What replaces an option of PM2, by its name without hyphens in front; null for an option that is none. */
export const replacedOption = (name: string): Replacement | null => (Object.hasOwn(options, name) ? (options[name] ?? null) : null);
