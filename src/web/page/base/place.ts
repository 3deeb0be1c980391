// Where the user is: the part of the URL after #, so that every view can be linked to, also under the path of a reverse proxy.
// Pure.

export type ViewName = "overview" | "service" | "logs" | "alerts" | "host";
export type Place = { view: ViewName; name: string; query: Record<string, string> };

const plainViews = ["logs", "alerts", "host"] as const;

/** The overview where the hash leads nowhere. */
export function placeAt(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const query = Object.fromEntries(new URLSearchParams(search));
  const [first = "", second = "", ...more] = path.split("/").map(decoded);
  if (first === "s" && second !== "" && more.length === 0) return { view: "service", name: second, query };
  const plain = plainViews.find((view) => view === first);
  return { view: plain !== undefined && second === "" ? plain : "overview", name: "", query };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** Parameters that are null or empty are left out. */
export function hashOf(view: ViewName, name = "", query: Record<string, string | null> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== "");
  const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
  return `#/${view === "overview" ? "" : view === "service" ? `s/${encodeURIComponent(name)}` : view}${search}`;
}
