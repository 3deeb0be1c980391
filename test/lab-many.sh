mkdir -p ~/many; cd ~/many; printf '#!/bin/sh\nexec sleep infinity\n' > sleeper; chmod +x sleeper
t0=$(date +%s)
for i in $(seq 1 1000); do bs9 start ./sleeper --name s$i --wait 0 -q >/dev/null 2>&1; done; echo $(( $(date +%s)-t0 )) s
