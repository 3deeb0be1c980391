// The reader of the figures that an app exposes: the text is as hostile as the app.
import { expect, test } from "bun:test";
import { quantileMs, readExposition } from "../../src/injectors/exposition.ts";

const requests = (labels: string, value: string) => `http_requests_total{${labels}} ${value}`;

test("requests of all methods and routes are counted together, and those with 5xx as errors", () => {
  const text = [
    "# TYPE http_requests counter",
    requests('method="GET",route="/",status="2xx"', "10"),
    requests('method="GET",route="/a\\"b\\\\,status=\\"5xx\\"}",status="4xx"', "1 1700000000.5"),
    requests('status="5xx",method="POST",route="/pay"', '3 # {trace="x"} 1'),
    'http_request_duration_seconds_bucket{method="GET",route="/",le="0.005"} 4',
    'http_request_duration_seconds_bucket{method="POST",route="/pay",le="0.005"} 2',
    'http_request_duration_seconds_bucket{method="GET",route="/",le="+Inf",} 14',
    'http_requests_in_flight{method="GET"} 2',
    "http_requests_in_flight 1",
    "nodejs_eventloop_lag_max_seconds 0.0125",
    "# EOF",
  ].join("\n");
  expect(readExposition(text)).toEqual({
    requests: 14,
    errors: 3,
    buckets: new Map([
      [0.005, 6],
      [Number.POSITIVE_INFINITY, 14],
    ]),
    inFlight: 3,
    lagMs: 12.5,
  });
});

const hostile: [line: string][] = [
  [""],
  ["http_requests_total"],
  ["http_requests_total "],
  ["http_requests_total NaN"],
  ["http_requests_total +Inf"],
  ["http_requests_total -1"],
  ["http_requests_total 0x10"],
  ["http_requests_total 1e400"],
  ["http_requests_total 9007199254740993"],
  ["http_requests_total 1_000"],
  ['http_requests_total{status="2xx" 5'],
  ['http_requests_total{status="2xx"x="y"} 5'],
  ["http_requests_total{status=2xx} 5"],
  ['http_requests_total{="2xx"} 5'],
  ['http_requests_total{status="2xx\n"} 5'],
  ["__proto__ 5"],
  ["constructor 5"],
  ["toString{} 5"],
  ["http_requests_total\t5"],
  ["ht\0tp_requests_total 5"],
];

test.each(hostile)("the line %j adds nothing", (line) => {
  expect(readExposition(line)).toBeNull();
  expect(readExposition(`${line}\nhttp_requests_total{} 7`)).toMatchObject({ requests: 7, errors: 0 });
});

test("distinct bounds of a histogram are limited, and a text of 200 KB is read in milliseconds", () => {
  const buckets = Array.from({ length: 3000 }, (_, i) => `http_request_duration_seconds_bucket{le="${i}.5"} 1`).join("\n");
  expect(readExposition(buckets)?.buckets.size).toBe(64);
  for (const text of [
    'http_requests_total{a="'.padEnd(200_000, "\\"),
    `http_requests_total{${'a="",'.repeat(40_000)}`,
    "{".repeat(200_000),
  ]) {
    const beganMs = performance.now();
    expect(readExposition(text)).toBeNull();
    expect(performance.now() - beganMs).toBeLessThan(200);
  }
});

const inf = Number.POSITIVE_INFINITY;
const quantiles: [buckets: [number, number][], share: number, ms: number | null][] = [
  [[], 0.5, null],
  [[[inf, 0]], 0.5, null],
  [
    [
      [0.01, 0],
      [inf, 0],
    ],
    0.5,
    null,
  ],
  [
    [
      [0.01, 10],
      [inf, 10],
    ],
    0.5,
    5,
  ],
  [
    [
      [0.01, 10],
      [inf, 10],
    ],
    1,
    10,
  ],
  [
    [
      [inf, 10],
      [0.01, 5],
      [0.02, 10],
    ],
    0.75,
    15,
  ],
  [
    [
      [0.01, 0],
      [0.02, 0],
      [0.04, 4],
      [inf, 4],
    ],
    0.5,
    30,
  ],
  [
    [
      [0.01, 5],
      [inf, 10],
    ],
    0.95,
    null,
  ],
  // An app may lie: these counts fall.
  [
    [
      [0.01, 5],
      [0.02, 3],
      [inf, 10],
    ],
    0.95,
    null,
  ],
  [
    [
      [0.01, 5],
      [0.02, 3],
      [inf, 5],
    ],
    0.95,
    9.5,
  ],
];

test.each(quantiles)("with the buckets %j the share %d took at most %p ms", (buckets, share, ms) => {
  const found = quantileMs(new Map(buckets), share);
  if (ms === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(ms, 9);
});
