// Puts functions of the preload in place of others.

/** Calls a function, whatever its own property `apply` is. */
export const { apply } = Reflect;

const fresh: PropertyDescriptor = { writable: true, configurable: true, enumerable: false };

/** The object that describes the property has no prototype, because an app may have added fields to Object.prototype. */
export function replace(target: object, name: string, value: unknown): void {
  const present = Object.getOwnPropertyDescriptor(target, name) ?? fresh;
  Object.defineProperty(target, name, Object.assign(Object.create(null), present, { value }));
}
