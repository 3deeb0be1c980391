// Commands and options of PM2 that bs9 does not have: for each of them one line that says what replaces it. Pure.

type Replacement = { what: string; hint: string };

function startAgain(word: string): Replacement {
  return {
    what: `${word} is start here: it starts new services, restarts changed ones, and leaves the others alone`,
    hint: "bs9 start bs9.toml",
  };
}

function noCloud(word: string): Replacement {
  return { what: `${word} is not in this version: bs9 sends nothing to another machine`, hint: "bs9 status" };
}

function oneFile(option: string): Replacement {
  return {
    what: `${option} is not in this version: log lines go to the journal, or to files of bs9 with --log file; logs shows them`,
    hint: "bs9 start app.ts --log file",
  };
}

const oneProcess = "is not in this version: a service is one process; start several services with different names";
const watching = "is not in this version: bs9 does not restart a service when its files change";

const commands: Record<string, Replacement> = {
  save: { what: "save is not needed: bs9 keeps each service as it is started, and systemd starts it at boot", hint: "bs9 status" },
  dump: { what: "dump is not needed: services that run now are started again at boot", hint: "bs9 status" },
  startup: {
    what: "startup is not needed: a service that is started comes back at boot; doctor says if something on this machine prevents that",
    hint: "bs9 doctor",
  },
  unstartup: { what: "unstartup is not needed: a stopped service does not come back at boot", hint: "bs9 stop NAME" },
  resurrect: { what: "resurrect is not needed: where systemd runs the machine, services come back at boot", hint: "bs9 start all" },
  flush: { what: "flush is not needed: journald and bs9 keep the size of logs bounded", hint: "bs9 logs NAME" },
  update: {
    what: "update is not needed: an upgrade of bs9 does not stop services; each keeps its runtime until it is moved to the new one",
    hint: "bs9 restart NAME --runtime latest",
  },
  reload: { what: "reload is not in this version: restart stops a service and starts it again", hint: "bs9 restart NAME" },
  scale: {
    what: `scale ${oneProcess}`,
    hint: "bs9 start app.ts --name web-2 --port 3001",
  },
  id: { what: "id is not needed: services have names, not numbers", hint: "bs9 status -q" },
  kill: {
    what: "kill is not needed: bs9 has no daemon that keeps services running; stop ends the services themselves",
    hint: "bs9 stop all",
  },
  env: { what: "env would show secrets; describe shows the names of a service's variables", hint: "bs9 describe NAME" },
  reset: { what: "reset is not in this version: status and describe show the restarts of a service", hint: "bs9 describe NAME" },
  desc: { what: "desc is describe here", hint: "bs9 describe NAME" },
  pid: { what: "pid is not in this version: status shows the pid of each service, and --json prints it", hint: "bs9 status NAME --json" },
  l: { what: "l is status here", hint: "bs9 status" },
  prettylist: { what: "prettylist is status with --json here", hint: "bs9 status --json" },
  slist: { what: "slist is status with --json here", hint: "bs9 status --json" },
  sysmonit: { what: "sysmonit is monit here", hint: "bs9 monit" },
  report: {
    what: "report is not in this version: doctor says what is wrong on this machine, and describe what a service does",
    hint: "bs9 doctor",
  },
  startOrRestart: startAgain("startOrRestart"),
  startOrReload: startAgain("startOrReload"),
  startOrGracefulReload: startAgain("startOrGracefulReload"),
  gracefulReload: { what: "gracefulReload is not in this version: restart stops a service and starts it again", hint: "bs9 restart NAME" },
  serve: {
    what: "serve is not in this version: start a program that serves the files",
    hint: "bs9 start python3 --cwd public -- -m http.server 8080",
  },
  deploy: { what: "deploy is not in this version: copy the project to the machine, then start its file there", hint: "bs9 start bs9.toml" },
  install: { what: "install is not in this version: bs9 has no modules; the size of logs is limited without one", hint: "bs9 logs NAME" },
  uninstall: {
    what: "uninstall is not a command here: delete removes a service, and install.sh --uninstall removes bs9",
    hint: "bs9 delete NAME",
  },
  web: {
    what: "web is not a command here: run serves /healthz and /api/metrics where no systemd runs the machine",
    hint: "bs9 status --json",
  },
  init: {
    what: "init is not in this version: a file of PM2 starts as it is, and README.md describes bs9.toml",
    hint: "bs9 start ecosystem.config.js",
  },
  set: { what: "set is config here: it shows each setting and where it comes from", hint: "bs9 config" },
  get: { what: "get is config here: it shows each setting and where it comes from", hint: "bs9 config" },
  conf: { what: "conf is config here: it shows each setting and where it comes from", hint: "bs9 config" },
  ping: { what: "ping is not needed: bs9 has no daemon that keeps services running; doctor checks everything", hint: "bs9 doctor" },
  sendSignal: {
    what: "sendSignal is not in this version: systemd can send a signal to a service",
    hint: "systemctl --user kill -s HUP NAME",
  },
  trigger: { what: "trigger is not in this version: bs9 does not talk to the code of a service", hint: "bs9 describe NAME" },
  attach: { what: "attach is not in this version: a service has no terminal; logs -f follows what it writes", hint: "bs9 logs NAME -f" },
  link: noCloud("link"),
  unlink: noCloud("unlink"),
  plus: noCloud("plus"),
  login: noCloud("login"),
};

const options: Record<string, Replacement> = {
  i: {
    what: `-i ${oneProcess}`,
    hint: "bs9 start app.ts --name web-2 --port 3001",
  },
  instances: {
    what: `--instances ${oneProcess}`,
    hint: "bs9 start app.ts --name web-2 --port 3001",
  },
  interpreter: {
    what: "--interpreter is --runtime here for Node and Bun; start any other interpreter itself, with the file after --",
    hint: "bs9 start python3 -- app.py",
  },
  "max-memory-restart": {
    what: "--max-memory-restart is --memory here: systemd enforces the limit, and a service that exceeds it is killed and restarted",
    hint: "bs9 start app.ts --memory 300M",
  },
  "cron-restart": {
    what: "--cron-restart is not in this version; a timer of systemd can restart a service",
    hint: "systemd-run --user --on-calendar=daily bs9 restart NAME",
  },
  time: { what: "--time is not needed: logs shows the time of each line", hint: "bs9 logs NAME" },
  tail: { what: "--tail is not needed: logs ends after the last lines, and -f follows", hint: "bs9 logs NAME -f" },
  autorestart: { what: "--no-autorestart is --restart no here", hint: "bs9 start app.ts --restart no" },
  "kill-timeout": {
    what: "--kill-timeout is --stop-timeout here; a number without a unit counts seconds, so PM2's 5000 is 5s",
    hint: "bs9 start app.ts --stop-timeout 5s",
  },
  "update-env": { what: "--update-env is not needed: restart and start read the files of --env-file again", hint: "bs9 restart NAME" },
  daemon: {
    what: "--no-daemon is not needed: systemd runs the service in the background, and logs -f follows its lines; in a container, use the command run",
    hint: "bs9 logs NAME -f",
  },
  watch: { what: `--watch ${watching}`, hint: "bs9 restart NAME" },
  "ignore-watch": { what: `--ignore-watch ${watching}`, hint: "bs9 restart NAME" },
  only: {
    what: "--only is not in this version: start starts every service of the file; a service that is already defined can be started by its name",
    hint: "bs9 start NAME",
  },
  output: oneFile("--output"),
  out: oneFile("--out"),
  o: oneFile("-o"),
  error: oneFile("--error"),
  err: oneFile("--err"),
  "merge-logs": {
    what: "--merge-logs is not needed: logs merges the lines of stdout and stderr of a service by time",
    hint: "bs9 logs NAME",
  },
  "log-date-format": { what: "--log-date-format is not needed: logs shows the time of each line", hint: "bs9 logs NAME" },
  "node-args": {
    what: "--node-args is not in this version: start node itself, with its arguments and the file after --",
    hint: "bs9 start node -- --max-old-space-size=512 app.js",
  },
  "interpreter-args": {
    what: "--interpreter-args is not in this version: start the program itself, with its arguments and the file after --",
    hint: "bs9 start node -- --max-old-space-size=512 app.js",
  },
  "wait-ready": {
    what: "--wait-ready is not needed: start waits until the port of the service accepts connections, or its health check succeeds",
    hint: "bs9 start app.ts --port 3000 --health /healthz",
  },
  "listen-timeout": { what: "--listen-timeout is --wait here, in seconds", hint: "bs9 start app.ts --wait 10" },
  namespace: {
    what: "--namespace is not in this version: give the names a common prefix, and select them with a glob",
    hint: "bs9 restart 'shop-*'",
  },
  uid: { what: "--uid is not in this version: a service runs as the user who starts it; log in as that user", hint: "bs9 start app.ts" },
  gid: { what: "--gid is not in this version: a service runs as the user who starts it; log in as that user", hint: "bs9 start app.ts" },
  nostream: { what: "--nostream is not needed: logs ends after the last lines, and -f follows", hint: "bs9 logs NAME" },
  raw: { what: "--raw is --no-time here: logs prints each line as the service wrote it", hint: "bs9 logs NAME --no-time" },
  "exp-backoff-restart-delay": {
    what: "--exp-backoff-restart-delay is not needed: the delay doubles by itself up to 30s, from --restart-delay on",
    hint: "bs9 start app.ts --restart-delay 1s",
  },
};

/** What replaces a command of PM2; null for any other word. */
export const replacedCommand = (word: string): Replacement | null => (Object.hasOwn(commands, word) ? (commands[word] ?? null) : null);

/** What replaces an option of PM2, by its name without the leading hyphens; null for any other option. */
export const replacedOption = (name: string): Replacement | null => (Object.hasOwn(options, name) ? (options[name] ?? null) : null);
