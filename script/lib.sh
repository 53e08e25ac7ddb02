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

# Sets `missing` to the packages that are not installed. Elsewhere than on Debian's
# kin none is: configure tells what is missing.
find_missing() {
	local package

	missing=()
	have dpkg || return 0
	for package; do
		[[ $(dpkg -s "$package" 2>/dev/null) == *$'\nStatus: '*' ok installed'* ]] ||
			missing+=("$package")
	done
}

# Sets `as_root` to what goes before a command for root.
find_root() {
	as_root=()
	((EUID)) || return 0
	have sudo || die "neither root nor sudo; missing packages: ${missing[*]}"
	as_root=(sudo)
	[[ -t 0 ]] || as_root+=(-n) # nobody is there to type a password
}

# need_packages NAME...: installs those that are missing. apt is not touched when
# none is.
need_packages() {
	local missing as_root

	find_missing "$@"
	((${#missing[@]})) || return 0
	find_root
	say "installing ${missing[*]}"
	local log apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
	log=$(mktemp -t fayed-apt.XXXXXX)
	run_logged "$log" "${as_root[@]}" "${apt[@]}" update
	run_logged "$log" "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
	rm -f "$log"
}

# need_daemons NAME...: the same for packages that bring a service of their name,
# which Debian starts and enables. Tests start the program themselves: no service
# of ours is to run now, nor after the next boot.
need_daemons() {
	local missing as_root policy=/usr/sbin/policy-rc.d

	find_missing "$@"
	((${#missing[@]})) || return 0
	find_root
	(
		# Package scripts ask it before they start anything.
		if [[ ! -e $policy ]]; then
			trap '"${as_root[@]}" rm -f "$policy"' EXIT
			"${as_root[@]}" install -m 755 /dev/stdin "$policy" <<<$'#!/bin/sh\nexit 101'
		fi
		need_packages "${missing[@]}"
	)
	! have systemctl || "${as_root[@]}" systemctl --quiet disable "${missing[@]}"
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
