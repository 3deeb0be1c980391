// The limits and the sandbox of the processes of bs9 itself that systemd runs.

/**
 * The agent reads /proc of the services, which a user namespace of its own would hide. So PrivateUsers=, and every directive
 * that needs it, cannot be used; the directives below work without it (systemd.exec(5)).
 */
export const confinement: readonly string[] = [
  "MemoryMax=256M",
  "TasksMax=128",
  "LimitNOFILE=65536",
  "CPUWeight=20",
  "OOMScoreAdjust=200",
  "",
  "NoNewPrivileges=yes",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources",
  "SystemCallErrorNumber=EPERM",
  "UMask=0077",
];
