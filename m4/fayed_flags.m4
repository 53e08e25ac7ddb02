# Compiler and linker flags. All land in variables of their own, never in
# CFLAGS: that one belongs to whoever runs configure or make.

# FAYED_CHECK_FLAGS(VARIABLE, COMPILE|LINK, FLAGS...)
# Appends to VARIABLE each of FLAGS that the compiler takes without a murmur.
# The probe includes a libc header: _FORTIFY_SOURCE complains only there.
AC_DEFUN([FAYED_CHECK_FLAGS], [
	for fayed_flag in $3; do
		AC_MSG_CHECKING([whether $CC takes $fayed_flag])
		fayed_saved_cflags=$CFLAGS
		CFLAGS="$CFLAGS -Werror $fayed_flag"
		AC_$2_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return puts("") < 0;]])],
			[AC_MSG_RESULT([yes])
			AS_VAR_APPEND([$1], [" $fayed_flag"])],
			[AC_MSG_RESULT([no])])
		CFLAGS=$fayed_saved_cflags
	done
])

# --enable-werror; sets WARN_CFLAGS.
AC_DEFUN([FAYED_WARNINGS], [
	AC_ARG_ENABLE([werror],
		[AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])],
		[], [enable_werror=no])
	WARN_CFLAGS=
	FAYED_CHECK_FLAGS([WARN_CFLAGS], [COMPILE], [-Wall -Wextra -Wshadow \
		-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
		-Wvla -Wwrite-strings -Wundef])
	fayed_warnings=on
	AS_IF([test "$enable_werror" != no], [
		WARN_CFLAGS="$WARN_CFLAGS -Werror"
		fayed_warnings="on, as errors"
	])
	AC_SUBST([WARN_CFLAGS])
])

# --enable-sanitizers=LIST; sets SANITIZER_CFLAGS, which the linker gets as well.
# A finding ends the program: a test must not pass with one.
AC_DEFUN([FAYED_SANITIZERS], [
	AC_ARG_ENABLE([sanitizers],
		[AS_HELP_STRING([--enable-sanitizers=LIST],
			[address, undefined, leak, thread, joined by commas (default: none;
			without LIST: address,undefined)])],
		[], [enable_sanitizers=no])
	AS_IF([test "$enable_sanitizers" = yes], [enable_sanitizers=address,undefined])
	SANITIZER_CFLAGS=
	fayed_sanitizers=none
	AS_IF([test "$enable_sanitizers" != no], [
		FAYED_CHECK_FLAGS([SANITIZER_CFLAGS], [LINK], [-fsanitize=$enable_sanitizers])
		AS_IF([test -z "$SANITIZER_CFLAGS"],
			[AC_MSG_ERROR([$CC cannot link with -fsanitize=$enable_sanitizers])])
		FAYED_CHECK_FLAGS([SANITIZER_CFLAGS], [COMPILE],
			[-fno-sanitize-recover=all -fno-omit-frame-pointer])
		fayed_sanitizers=$enable_sanitizers
	])
	AC_SUBST([SANITIZER_CFLAGS])
])

# --disable-hardening; sets HARDENING_CFLAGS and HARDENING_LDFLAGS. Off when
# sanitizing: the fortified calls would hide the plain ones from the sanitizer.
AC_DEFUN([FAYED_HARDENING], [
	AC_REQUIRE([FAYED_SANITIZERS])
	AC_ARG_ENABLE([hardening],
		[AS_HELP_STRING([--disable-hardening],
			[no _FORTIFY_SOURCE, stack protector, relro, PIE])],
		[], [enable_hardening=yes])
	HARDENING_CFLAGS=
	HARDENING_LDFLAGS=
	fayed_hardening=off
	AS_IF([test "$enable_hardening" != no && test -z "$SANITIZER_CFLAGS"], [
		dnl One word for the shell loop, two for the compiler: -U first, since
		dnl some distributions' compilers define it already.
		FAYED_CHECK_FLAGS([HARDENING_CFLAGS], [COMPILE],
			["-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2" -fstack-protector-strong])
		FAYED_CHECK_FLAGS([HARDENING_LDFLAGS], [LINK], [-Wl,-z,relro -Wl,-z,now])
		fayed_pie=
		FAYED_CHECK_FLAGS([fayed_pie], [LINK], ["-fPIE -pie"])
		AS_IF([test -n "$fayed_pie"], [
			HARDENING_CFLAGS="$HARDENING_CFLAGS -fPIE"
			HARDENING_LDFLAGS="$HARDENING_LDFLAGS -pie"
		])
		fayed_hardening=on
	])
	AC_SUBST([HARDENING_CFLAGS])
	AC_SUBST([HARDENING_LDFLAGS])
])
