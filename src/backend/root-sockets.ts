// Sockets of the machine behind which a program acts as root for whoever may connect, and the groups that may; pure.
import { isWithin } from "../base/paths.ts";

export type RootSockets = {
  /** What a sandbox closes: the directory of the sockets, so that one that is made again in it stays closed too. */
  path: string;
  sockets: string[];
};

/** Where the system bus listens. */
export const busFolder = "/run/dbus";

/** Directories straight below one that every user may enter: systemd gives up a start for a path that it may not look at. */
export const rootSockets: RootSockets[] = [
  // Over the system bus logind would end every service of the same user for whoever asks: SetUserLinger, TerminateUser.
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

/** Whether one of the paths that a user opens leads to this one, or to something in it. No path has links in it. */
export const isOpened = (path: string, opened: string[]): boolean => opened.some((one) => isWithin(path, one) || isWithin(one, path));

/**
 * The groups of users who can become root, what its members can do, and the directives that keep it from a service.
 * `incus` and `kvm` are not among them: the first gives a project shut in by the server, the second only /dev/kvm.
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
