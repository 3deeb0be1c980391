// Which channel of a changed configuration is which one of the previous configuration, so that messages that wait go to the corrected
// address of their channel. Pure.

/** `address`: where the channel sends to, without secrets; it begins with its kind. */
export type KnownChannel = { key: string; address: string };

/**
 * The key of each channel, which names its queue. A channel with the same address keeps its key. A new address that stands in the list
 * where a vanished one stood before is its correction, and takes over its key.
 */
export function keysOf(before: readonly KnownChannel[], addresses: readonly string[]): string[] {
  const keys: (string | null)[] = addresses.map(() => null);
  const used = new Set<string>();
  const keep = (i: number, known: KnownChannel | undefined) => {
    if (known === undefined) return;
    keys[i] = known.key;
    used.add(known.key);
  };
  for (const [i, address] of addresses.entries())
    keep(
      i,
      before.find((known) => known.address === address && !used.has(known.key)),
    );
  const isKept = new Set(used);
  // A place in a list is named by the kept channel in front of it, because channels in front may have been added or removed.
  const placesBefore = placesIn(before, ({ key }) => (isKept.has(key) ? key : null));
  const placesNow = placesIn(addresses, (_, i) => keys[i] ?? null);
  for (const [i, address] of addresses.entries()) {
    const isSame = (known: KnownChannel, j: number) => placesBefore[j] === placesNow[i] && kindOf(known.address) === kindOf(address);
    if (keys[i] === null)
      keep(
        i,
        before.find((known, j) => !used.has(known.key) && isSame(known, j)),
      );
  }
  // The key of a removed channel is not given to another one.
  const taken = new Set(before.map(({ key }) => key));
  return addresses.map((address, i) => keys[i] ?? newKey(address, taken));
}

const kindOf = (address: string): string => address.split("-")[0] ?? address;

/** The key of the last kept channel in front of each entry of a list. */
function placesIn<T>(list: readonly T[], keptKey: (one: T, i: number) => string | null): string[] {
  let place = "";
  return list.map((one, i) => {
    place = keptKey(one, i) ?? place;
    return place;
  });
}

function newKey(address: string, taken: Set<string>): string {
  let key = address;
  for (let n = 2; taken.has(key); n++) key = `${address}-${n}`;
  taken.add(key);
  return key;
}
