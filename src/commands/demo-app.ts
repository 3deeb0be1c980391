// The sources of the two programs that `bs9 demo` writes to disk: a web page, and a program that sends it requests.

export const pageProgram = `// A web page that shows what the app sees inside its sandbox. Some of its paths answer slowly, fail, or end the app.
import { readdirSync } from "node:fs";
import { homedir } from "node:os";

const began = Date.now();
let requests = 0;

const homeOf = () => {
  try {
    return readdirSync(homedir()).join(" ") || "nothing";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

const page = () => \`<!doctype html><meta charset="utf-8"><title>bs9 demo</title>
<h1>bs9 demo</h1>
<p>pid \${process.pid}, up for \${Math.round((Date.now() - began) / 1000)} s, \${requests} requests</p>
<p>what this app sees of your home: \${homeOf()}</p>
<p><a href="/slow">/slow</a> <a href="/fail">/fail</a> <a href="/crash">/crash</a></p>\`;

const server = Bun.serve({
  port: Number(process.env["PORT"]),
  hostname: "127.0.0.1",
  async fetch(request) {
    requests++;
    const { pathname } = new URL(request.url);
    if (pathname === "/slow") await Bun.sleep(200 + Math.random() * 300);
    if (pathname === "/fail") {
      console.error("ERROR GET /fail: this path fails on purpose");
      return new Response("failed\\n", { status: 500 });
    }
    if (pathname === "/crash") setTimeout(() => process.exit(1), 50);
    if (requests % 50 === 0) console.log(JSON.stringify({ level: "info", message: "still here", requests }));
    return new Response(page(), { headers: { "content-type": "text/html; charset=utf-8" } });
  },
});
console.log(\`listening on \${server.url}\`);
`;

export const loadProgram = `// Sends requests to the page of the demo, at a rate that rises and falls once a minute.
const url = \`http://127.0.0.1:\${process.env["DEMO_PORT"]}\`;
let [asked, failed] = [0, 0];

setInterval(() => {
  console.log(\`\${asked} requests, \${failed} failed\`);
  if (failed > asked / 10) console.warn("WARN more than 10% of the requests failed");
  [asked, failed] = [0, 0];
}, 10_000);

for (;;) {
  const path = Math.random() < 0.02 ? "/fail" : Math.random() < 0.1 ? "/slow" : "/";
  asked++;
  try {
    if (!(await fetch(url + path)).ok) failed++;
  } catch {
    failed++;
  }
  const wave = (1 + Math.sin((Date.now() / 60_000) * 2 * Math.PI)) / 2;
  await Bun.sleep(20 + 180 * wave);
}
`;
