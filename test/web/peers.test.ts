// bs9 web beside the programs that it is made for: Prometheus reads it, and nginx stands in front of it with TLS and a path.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir, until } from "../harness.ts";
import { run, succeed } from "../programs.ts";
import { BuiltWeb } from "./built.ts";
import { freePort, peer } from "./peers.ts";

const [nginx, promtool, prometheus] = [peer("nginx", "nginx"), peer("promtool", "prometheus"), peer("prometheus", "prometheus")];
const it = new BuiltWeb();
const running: Bun.Subprocess[] = [];
const folder = tempDir();
const nginxPort = freePort();
const publicUrl = `https://localhost:${nginxPort}/bs9/`;
let readOnly = "";

beforeAll(async () => {
  const config = join(it.place.env.BS9_HOME, "config");
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, "config.toml"), `[web]\npublic-url = "${publicUrl}"\n`);
  readOnly = (await it.place.bs9("web", "--new-token", "--read-only", "--quiet")).stdout.trim();
  // The server prints its public address, so its own port is chosen here.
  await it.up(freePort());
}, 240_000);
afterAll(async () => {
  for (const child of running) child.kill("SIGTERM");
  await Promise.all(running.map((child) => child.exited));
  await it.down();
}, 120_000);

function start(argv: string[]): void {
  running.push(Bun.spawn(argv, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] }));
}

const direct = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${it.port}${path}`, { headers: { Authorization: `Bearer ${it.token}`, ...headers } });

test.skipIf(promtool === null)(
  "promtool check metrics finds nothing",
  async () => {
    // The figures of the host and of the service come with the first samples.
    await until(async () => (await (await direct("/metrics")).text()).includes("bs9_service_cpu_seconds_total"), { what: "the figures" });
    const text = await (await direct("/metrics")).text();
    const child = Bun.spawn([promtool ?? "", "check", "metrics"], { stdin: Buffer.from(text), stdout: "pipe", stderr: "pipe" });
    const said = `${await new Response(child.stdout).text()}${await new Response(child.stderr).text()}`;
    expect([await child.exited, said]).toEqual([0, ""]);
  },
  60_000,
);

test.skipIf(prometheus === null)(
  "Prometheus finds the host by http_sd, and scrapes it with the read-only token",
  async () => {
    const port = freePort();
    const authorization = `authorization: { type: Bearer, credentials_file: ${readOnly} }`;
    writeFileSync(
      join(folder, "prometheus.yml"),
      [
        "global: { scrape_interval: 1s }",
        "scrape_configs:",
        "  - job_name: bs9",
        `    ${authorization}`,
        "    http_sd_configs:",
        `      - url: http://127.0.0.1:${it.port}/api/sd`,
        "        refresh_interval: 1s",
        `        ${authorization}`,
        "",
      ].join("\n"),
    );
    const options = [
      "--config.file=prometheus.yml",
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    start([prometheus ?? "", "--log.level=error", ...options]);
    type Answer = Record<string, { result: { metric: Record<string, string>; value: [number, string] }[] }>;
    const ups = async () => {
      const answered = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=bs9_service_up`).catch(() => null);
      return answered?.ok === true ? (((await answered.json()) as Answer)["data"]?.result ?? []) : [];
    };
    await until(async () => (await ups()).length > 0, { what: "Prometheus has scraped the host", timeoutMs: 30_000 });
    const [first] = await ups();
    expect(first).toMatchObject({ metric: { job: "bs9", service: "shop" }, value: [expect.any(Number), "1"] });
  },
  60_000,
);

test.skipIf(nginx === null)(
  "behind nginx with TLS and a path, a browser logs in, reads, acts and gets events",
  async () => {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert];
    succeed(await run(["openssl", "req", ...words]), "openssl req");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`);
    writeFileSync(
      join(folder, "nginx.conf"),
      `daemon off; worker_processes 1; pid ${join(folder, "nginx.pid")}; error_log stderr error;
${process.getuid?.() === 0 ? "user root;" : ""}
events {}
http {
  access_log off; ${temporary.join(" ")}
  server {
    listen 127.0.0.1:${nginxPort} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
    location /bs9/ {
      proxy_pass http://127.0.0.1:${it.port}/;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
    }
  }
}
`,
    );
    start([nginx ?? "", "-p", folder, "-c", "nginx.conf", "-e", "stderr"]);
    const tls = { rejectUnauthorized: false };
    const through = (path: string, init: RequestInit = {}) => fetch(`${publicUrl}${path}`, { ...init, tls, redirect: "manual" });
    await until(async () => (await through("healthz").catch(() => null))?.status === 200, { what: "nginx answers" });
    const loginUrl = (await it.place.bs9("web", "--print-url", "--quiet")).stdout.trim();
    expect(loginUrl).toStartWith(`${publicUrl}login?code=`);
    const opened = await through(loginUrl.slice(publicUrl.length));
    const cookie = opened.headers.get("set-cookie") ?? "";
    expect([opened.status, cookie]).toEqual([303, expect.stringMatching(/; Path=\/bs9\/; .*; Secure$/)]);
    const session = { Cookie: cookie.split(";")[0] ?? "", Origin: new URL(publicUrl).origin };
    expect((await through("api/metrics", { headers: session })).status).toBe(200);
    expect((await through("api/services/shop/restart", { method: "POST", headers: session })).status).toBe(200);
    const foreign = { ...session, Origin: "https://evil.example" };
    expect((await through("api/services/shop/stop", { method: "POST", headers: foreign })).status).toBe(403);
    const kinds: string[] = [];
    const socket = new WebSocket(`${publicUrl.replace("https", "wss")}api/events`, { headers: session, tls });
    socket.onmessage = (event) => kinds.push(JSON.parse(String(event.data)).event?.kind ?? "begin");
    await until(() => kinds.includes("snapshot"), { what: "the snapshot through nginx" });
    socket.close();
    expect(readFileSync(join(it.place.env.BS9_HOME, "config/trail.jsonl"), "utf8")).toContain('"forwardedFor":"127.0.0.1"');
  },
  60_000,
);
