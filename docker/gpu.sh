#!/usr/bin/env bash
# From a Linux machine with an NVIDIA GPU to a running service, with docker compose.
#
#   ./run.sh gpu                      check the machine, build images that are missing, start, wait until it is ready
#   ./run.sh gpu --external-vlm URL   the same with a VLM server that runs already; none is started
#   ./run.sh gpu --check              check the machine and end
#
# The settings are those of .env; the environment wins over them, as docker compose has it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compose=(docker compose --env-file .env -f docker/compose.yaml)
docker_docs=https://docs.docker.com/engine/install/
driver_docs=https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
toolkit_docs=https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html

say() { printf '%s\n' "$*"; }
ok() { say "✓ $*"; }
warn() { say "$*" >&2; }
fail() { warn "$*"; exit 1; }
have() { command -v "$1" >/dev/null; }
at_least() { printf '%s\n' "$2" "$1" | sort -VC; }
gib() { printf '%d.%d GiB' $(($1 / 1024)) $(($1 % 1024 * 10 / 1024)); }
gpu() { grep "^$1," <<<"$gpus" | cut -d, -f"$2"; } # gpu ID FIELD: of index, name, compute capability, total MiB, free MiB
external() { [[ ",$(setting COMPOSE_PROFILES vlm)," != *,vlm,* ]]; } # the profile of compose.yaml that starts a VLM server

# setting NAME DEFAULT: the value from the environment, else from .env, or from what .env is going to be. Read as docker
# compose does and not by app/env_file.py: names have their case, an empty variable is set, and no Python is needed.
setting() {
  local value=${!1-} file=.env
  [[ -f $file ]] || file=.env.example
  [[ -v $1 ]] || value=$(sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" "$file" | tail -n 1 \
    | sed -E "s/^\"([^\"]*)\".*/\1/; t; s/^'([^']*)'.*/\1/; t; s/(^|[[:space:]]+)#.*//; s/[[:space:]]+\$//")
  say "${value:-$2}"
}

# external_vlm URL: has the worker use that server, and no VLM started.
external_vlm() {
  [[ $1 =~ ^https?://[^/] ]] || fail "--external-vlm needs the address of a VLM server, as in http://10.0.0.5:8118/v1, not '$1'."
  vlm=$1 VL_SERVER_URL=$(sed -E 's#//(localhost|127\.0\.0\.1)([:/,]|$)#//host.docker.internal\2#g' <<<"$1")
  export VL_SERVER_URL COMPOSE_PROFILES=external-vlm
  [[ $VL_SERVER_URL == "$1" ]] || say "Inside a container localhost is the container, so the worker connects to $VL_SERVER_URL. The server must not listen on 127.0.0.1 only."
}

check_docker() {
  local words
  have curl || fail "curl is missing: sudo apt-get update && sudo apt-get install -y curl"
  have docker || fail "Docker is not installed. Install it ($docker_docs), then log out and in again:
  curl -fsSL https://get.docker.com | sudo sh && sudo usermod -aG docker \$USER"
  if words=$(docker version --format '{{.Server.Version}}' 2>&1); then ok "docker ${words##*$'\n'}"; return; fi
  [[ $words != *"ermission denied while"* ]] || fail "You have no permission to use Docker. Join its group, then log out and in again:
  sudo usermod -aG docker \$USER"
  have dockerd || systemctl cat docker.service >/dev/null 2>&1 || fail "There is a docker client, but no engine. Install it ($docker_docs):
  curl -fsSL https://get.docker.com | sudo sh
docker says: ${words#$'\n'}"
  fail "The Docker engine is not running. Start it; if it does not, the second command says why:
  sudo systemctl start docker
  sudo journalctl -u docker -n 50
docker says: ${words#$'\n'}"
}

check_compose() {
  local version install="Install the newest ($docker_docs; for Docker from Ubuntu's own packages it is docker-compose-v2):
  sudo apt-get update && sudo apt-get install -y docker-compose-plugin"
  version=$(docker compose version --short 2>/dev/null) || fail "Docker's compose plugin is missing. $install"
  at_least "${version#v}" 2.24.0 || fail "docker compose is ${version#v}, but 2.24.0 or newer is required. $install"
  ok "docker compose ${version#v}"
}

check_driver() {
  local words driver cuda needed=12.6 since=560 package=nvidia-driver-580-server
  have nvidia-smi || fail "There is no NVIDIA driver (no nvidia-smi). 'lspci | grep -i nvidia' shows whether there is a GPU. On Ubuntu (others: $driver_docs):
  sudo apt-get update && sudo apt-get install -y ubuntu-drivers-common && sudo ubuntu-drivers install && sudo reboot"
  words=$(nvidia-smi 2>&1) || fail "The NVIDIA driver does not answer. A reboot often helps (sudo reboot); otherwise reinstall it, on Ubuntu (others: $driver_docs):
  sudo ubuntu-drivers install && sudo reboot
nvidia-smi says: $words"
  # Branch 610 and newer say "KMD Version" and "CUDA UMD Version".
  driver=$(sed -nE 's/.*(Driver|KMD) Version: *([0-9.]+).*/\2/p' <<<"$words")
  cuda=$(sed -nE 's/.*CUDA( UMD)? Version: *([0-9.]+).*/\2/p' <<<"$words")
  gpus=$(nvidia-smi --query-gpu=index,name,compute_cap,memory.total,memory.free --format=csv,noheader,nounits | sed 's/, /,/g') || gpus=''
  ! blackwell || { needed=12.9 since=575 package+=-open; }
  at_least "$cuda" "$needed" || fail "The NVIDIA driver ($driver) supports CUDA ${cuda:-none}, but the images for this GPU require $needed: driver $since or newer. On Ubuntu (others: $driver_docs):
  sudo apt-get update && sudo apt-get install -y $package && sudo reboot"
  ok "driver $driver (CUDA $cuda)"
}

# blackwell: whether a chosen GPU needs the images that are made for these.
blackwell() {
  local id
  for id in "${ids[@]}"; do at_least "$(gpu "$id" 3)" 12.0 && return; done
  return 1
}

check_toolkit() {
  local configure="sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
  if [[ $(docker info --format '{{json .Runtimes}}') == *nvidia* ]]; then ok "NVIDIA Container Toolkit"; return; fi
  have nvidia-ctk && fail "The NVIDIA Container Toolkit is installed, but Docker is not configured to use it. Configure Docker (this restarts running containers):
  $configure"
  fail "The NVIDIA Container Toolkit is missing; containers see no GPU without it. Install it ($toolkit_docs):
  key=/usr/share/keyrings/nvidia-container-toolkit.gpg from=https://nvidia.github.io/libnvidia-container
  curl -fsSL \$from/gpgkey | sudo gpg --dearmor -o \$key
  curl -fsSL \$from/stable/deb/nvidia-container-toolkit.list | sed \"s#deb #deb [signed-by=\$key] #\" | sudo tee /etc/apt/sources.list.d/nvidia-container-toolkit.list
  sudo apt-get update && sudo apt-get install -y nvidia-container-toolkit
  $configure"
}

check_gpus() {
  local id name cap
  for id in "${ids[@]}"; do
    name=$(gpu "$id" 2) || fail "GPU_DEVICE_ID names GPU '$id', which does not exist. Available GPUs:
$(sed -E 's/^([^,]*),([^,]*),.*/  \1  \2/' <<<"$gpus")"
    cap=$(gpu "$id" 3)
    at_least "$cap" 7.0 || fail "GPU $id ($name) is too old for PaddlePaddle: compute capability $cap, but 7.0 or newer is required. Choose another with GPU_DEVICE_ID."
    external || at_least "$cap" 8.0 || fail "vLLM does not run the VLM on GPU $id ($name): compute capability $cap, but 8.0 or newer (A10, L4, RTX 30…) is required.
Choose another GPU with GPU_DEVICE_ID, or use this one for the layout model and run the VLM elsewhere:
  ./run.sh gpu --external-vlm http://HOST:8118/v1"
    ok "GPU $id: $name (compute capability $cap)"
  done
}

check_memory() {
  local id=${ids[0]} total free needed=3072 part advice='' holders
  total=$(gpu "$id" 4) free=$(gpu "$id" 5)
  if [[ -n $running ]]; then ok "memory: not checked, as the service is already running"; return; fi
  if [[ ! $total$free =~ ^[0-9]+$ ]]; then ok "memory: not checked, as nvidia-smi does not report it"; return; fi
  if ! external; then
    part=$(setting VLM_GPU_MEMORY 0.5) advice=", give the VLM less than VLM_GPU_MEMORY=$part of it, or use a VLM server elsewhere: --external-vlm URL"
    [[ $part =~ ^(0?\.[0-9]+|1(\.0*)?)$ ]] || fail "VLM_GPU_MEMORY='$part' is invalid: it is the share of the GPU's memory for the VLM, such as 0.5."
    needed=$((total * $(LC_ALL=C printf '%.0f' "${part}e3") / 1000 + 2048)) # 2 GiB for the layout model
    ((needed > 8192)) || needed=8192
  fi
  if ((free >= needed)); then ok "memory: $(gib "$free") free of $(gib "$total")"; return; fi
  ((total >= needed)) || fail "GPU $id is too small: it has $(gib "$total"), but $(gib "$needed") are required. Choose another with GPU_DEVICE_ID$advice."
  holders=$(nvidia-smi -i "$id" --query-compute-apps=pid,process_name,used_memory --format=csv,noheader) || holders=''
  fail "GPU $id has $(gib "$free") of $(gib "$total") free, but $(gib "$needed") are required. It is used by (PID, program, memory):
${holders:-programs that nvidia-smi does not name}
Stop them (sudo kill PID), choose another GPU with GPU_DEVICE_ID$advice."
}

check_port() {
  local listener
  listener=$(ss -Hltnp "sport = :$port" 2>/dev/null) || listener=''
  [[ -z $listener || $running == *":$port->"* ]] || fail "Port $port is in use$(sed -nE 's/.*users:\(\("([^"]+)".*/ by \1/p;q' <<<"$listener") (see: sudo ss -ltnp). Choose another:
  HTTP_PORT=8080 ./run.sh gpu"
  ok "port $port"
}

check_vlm() {
  local base=${vlm%%,*}
  base=${base%/} base=${base%/v1}
  if curl -fsS -m 5 "$base/v1/models" &>/dev/null || curl -fsS -m 5 "$base/health" &>/dev/null; then ok "VLM server $base"; return; fi
  warn "No VLM server answers at $base yet. The service starts anyway and becomes ready when the server answers."
}

check_open() {
  [[ $(setting ALLOW_ANONYMOUS 0) =~ ^(1|true|True|yes|on)$ ]] || fail "The API has no authentication: anyone who can reach port $port of this machine can use it. Restrict access with a firewall,
or to this machine with HTTP_PORT=127.0.0.1:8080, and acknowledge this in .env or here:
  ALLOW_ANONYMOUS=1 ./run.sh gpu"
  ok "ALLOW_ANONYMOUS: anyone who can reach port $port can use the service"
}

# remember NAME VALUE: writes it into .env, where a later docker compose finds it, too.
remember() {
  [[ -z $(tail -c 1 .env) ]] || echo >>.env
  grep -q "^$1=" .env || say "$1=" >>.env
  # shellcheck disable=SC2001 # of these characters, each
  sed -i "s|^$1=.*|$1=$(sed 's/[&|\\]/\\&/g' <<<"$2")|" .env
}

prepare_env() {
  [[ -f .env ]] || { install -m 600 .env.example .env && say "Wrote .env, a copy of .env.example. Your settings go there."; }
  remember ALLOW_ANONYMOUS 1
  remember COMPOSE_PROFILES "$(setting COMPOSE_PROFILES vlm)"
  [[ -z $vlm ]] || remember VL_SERVER_URL "$VL_SERVER_URL"
  ! blackwell || { export GPU_SUFFIX=-sm120 && remember GPU_SUFFIX "$GPU_SUFFIX"; }
  [[ -z $(setting REDIS_PASSWORD '') ]] || return 0
  remember REDIS_PASSWORD "$(od -An -tx1 -N24 /dev/urandom | tr -d ' \n')"
  chmod 600 .env
  say "Wrote a random REDIS_PASSWORD into .env."
}

wait_ready() {
  local answer reason service before='' told='' end=$((SECONDS + 1800))
  trap 'warn "The service continues to start; ${compose[*]} down stops it."; exit 130' INT
  say "Waiting until it is ready. The first start downloads models, which takes minutes …"
  while ((SECONDS < end)); do
    answer=$(curl -s --noproxy '*' -m 5 -w '\n%{http_code}' "$address/health/ready") || true
    [[ ${answer##*$'\n'} != 200 ]] || return 0
    reason=$(sed -nE 's/.*"errorMsg": ?"(([^"\\]|\\.)*)".*/\1/p' <<<"$answer")
    [[ ${reason:=the API does not answer yet} == "$before" ]] || say "… ${reason//\\\"/\"}"
    before=$reason
    for service in $("${compose[@]}" ps -a --format '{{.Service}} {{.State}} {{.ExitCode}}' | sed -nE '/ exited 0$/d; s/ (exited|dead|restarting) .*//p'); do
      [[ $told == *" $service "* ]] || warn "The container of $service exited or restarts repeatedly. Its log: ${compose[*]} logs $service"
      told+=" $service "
    done
    sleep 3
  done
  fail "Not ready after 30 minutes: $before. It continues to start. Its logs: ${compose[*]} logs"
}

vlm='' only_check=''
while (($#)); do
  case $1 in
    --check) only_check=yes ;;
    --external-vlm) external_vlm "${2:-}" && shift ;;
    *) sed -n '2,/^set/p' docker/gpu.sh | sed '$d; s/^# \{0,1\}//' >&2; exit 2 ;;
  esac
  shift
done
port=$(setting HTTP_PORT 80) port=${port##*:} address=http://127.0.0.1:$port
IFS=, read -ra ids <<<"$(setting GPU_DEVICE_ID 0 | tr -d ' ')"

running=$("${compose[@]}" ps --format '{{.Service}} {{.Ports}}' 2>/dev/null) || running='' # of this service, containers
check_docker
check_driver
check_toolkit
check_gpus
check_memory
check_compose
check_port
check_open
[[ -z $vlm ]] || check_vlm
[[ -z $only_check ]] || exit 0

prepare_env
docker image inspect paddleocr-vl-service-{api,worker-gpu}:latest >/dev/null 2>&1 || MODEL=$(setting MODEL v1.6) ./build.sh api worker-gpu
"${compose[@]}" up -d --remove-orphans || fail "docker compose could not start the service; the lines above say why. Its logs: ${compose[*]} logs"
wait_ready
say "The service is ready: $address
  curl -F file=@examples/report.pdf $address/infer
  ${compose[*]} logs -f   (follow its logs)
  ${compose[*]} down      (stop it)"
