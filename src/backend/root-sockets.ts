// Sockets of the system behind which a program acts as root for every client, and the groups that may connect. Pure.
import { isWithin } from "../base/paths.ts";

export type RootSockets = {
  /** The path that a sandbox closes: the directory of the sockets, so that a socket created again in it stays closed. */
  path: string;
  sockets: string[];
};

/** The directory of the system bus socket. */
export const busFolder = "/run/dbus";

/** Each parent directory must be accessible to every user: systemd fails the start for a path that it cannot inspect. */
export const rootSockets: RootSockets[] = [
  // Over the system bus, logind ends all services of the same user for any client (SetUserLinger, TerminateUser).
  { path: busFolder, sockets: [`${busFolder}/system_bus_socket`] },
  { path: "/run/docker.sock", sockets: ["/run/docker.sock"] },
  { path: "/run/cri-dockerd.sock", sockets: ["/run/cri-dockerd.sock"] },
  { path: "/run/containerd", sockets: ["/run/containerd/containerd.sock"] },
  { path: "/run/k3s", sockets: ["/run/k3s/containerd/containerd.sock"] },
  { path: "/run/buildkit", sockets: ["/run/buildkit/buildkitd.sock"] },
  { path: "/run/podman", sockets: ["/run/podman/podman.sock"] },
  { path: "/run/crio", sockets: ["/run/crio/crio.sock"] },
  { path: "/run/libvirt", sockets: ["/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"] },
  { path: "/run/incus", sockets: ["/run/incus/unix.socket"] },
  { path: "/var/lib/incus", sockets: ["/var/lib/incus/unix.socket"] },
  { path: "/var/lib/lxd", sockets: ["/var/lib/lxd/unix.socket"] },
  { path: "/var/snap/lxd", sockets: ["/var/snap/lxd/common/lxd/unix.socket"] },
];

/**
 * Returns true if a path that the user opens is the closed path itself, a parent of it, or below it. The paths must not contain
 * links.
 */
export const isOpened = (path: string, opened: string[]): boolean => opened.some((one) => isWithin(path, one) || isWithin(one, path));

/**
 * The groups whose members can become root, what the members can do, and the directives that keep a service from it. `incus`
 * and `kvm` are not included: the first gives access to a project that the server restricts, the second only to /dev/kvm.
 */
export const rootGroups: { name: string; gives: string; closedBy: string[] }[] = [
  { name: "docker", gives: "starts containers that mount the whole disk", closedBy: ["InaccessiblePaths=-/run/docker.sock"] },
  {
    name: "lxd",
    gives: "starts containers that mount the whole disk",
    closedBy: ["InaccessiblePaths=-/var/lib/lxd", "InaccessiblePaths=-/var/snap/lxd"],
  },
  {
    name: "incus-admin",
    gives: "starts containers that mount the whole disk",
    closedBy: ["InaccessiblePaths=-/var/lib/incus", "InaccessiblePaths=-/run/incus"],
  },
  { name: "libvirt", gives: "starts virtual machines that mount the whole disk", closedBy: ["InaccessiblePaths=-/run/libvirt"] },
  { name: "disk", gives: "reads and writes the disks themselves", closedBy: ["PrivateDevices=yes"] },
];
