# shellcheck shell=bash
# What the scripts beside this file share. They source it after `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Debian's packages: what a build needs, and nothing that only tests need.
# shellcheck disable=SC2034 # read by the scripts
build_packages=(gcc libc6-dev make autoconf automake pkg-config libmicrohttpd-dev
	libwslay-dev libevent-dev libhiredis-dev libjansson-dev libconfig-dev nettle-dev zlib1g-dev)

say() {
	printf '%s\n' "$*" >&"${say_fd:-2}"
}

die() {
	say "error: $*"
	exit 1
}

have() {
	command -v "$1" >/dev/null
}

# run_logged LOG COMMAND...: its output goes to LOG and is shown if it fails.
run_logged() {
	local log=$1 rc=0
	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if ((rc)); then
		tail -n 100 "$log" >&2
		die "$* ended with $rc (the whole log: $log)"
	fi
}

# need_packages NAME...: installs those that are missing. apt is not touched when
# none is. Elsewhere than on Debian's kin, configure tells what is missing.
need_packages() {
	local package missing=() as_root=()

	have dpkg || return 0
	for package; do
		[[ $(dpkg -s "$package" 2>/dev/null) == *$'\nStatus: '*' ok installed'* ]] ||
			missing+=("$package")
	done
	((${#missing[@]})) || return 0

	if ((EUID)); then
		have sudo || die "neither root nor sudo; missing packages: ${missing[*]}"
		as_root=(sudo)
		[[ -t 0 ]] || as_root+=(-n) # nobody is there to type a password
	fi
	say "installing ${missing[*]}"
	local log apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
	log=$(mktemp -t fayed-apt.XXXXXX)
	run_logged "$log" "${as_root[@]}" "${apt[@]}" update
	run_logged "$log" "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
	rm -f "$log"
}

# build_in NAME TARGET CONFIGURE_ARGUMENT...: makes TARGET in the folder NAME,
# which is ours: it is made anew when the arguments or the place have changed, or
# cmocka has come since. Says nothing when there is nothing to do.
build_in() {
	local name=$1 target=$2 dir=$root/$1
	shift 2
	local how

	how="$root $* cmocka=$(pkg-config --modversion cmocka 2>/dev/null || :)"
	exec {lock}<"$root" # two scripts at once must not build into each other
	flock "$lock"
	if [[ ! -x $root/configure ]]; then
		say "preparing configure"
		mkdir -p "$dir"
		run_logged "$dir/autogen.log" "$root/autogen.sh"
	fi
	if [[ ! -f $dir/Makefile || $(cat "$dir/.configured" 2>/dev/null) != "$how" ]]; then
		say "configuring $name"
		rm -rf "$dir"
		mkdir -p "$dir"
		run_logged "$dir/configure.log" env -C "$dir" "$root/configure" "$@"
		printf '%s\n' "$how" >"$dir/.configured"
	fi
	if ! make -q -C "$dir" "$target" >/dev/null 2>&1; then
		say "building $name"
		run_logged "$dir/make.log" make -C "$dir" -j "$(nproc)" "$target"
	fi
	exec {lock}<&-
}
