# FAYED_WSLAY(VERSION)
# Sets WSLAY_CFLAGS and WSLAY_LIBS. Debian's package has no libwslay.pc, and
# 1.1.1's own header still says "1.0.1-DEV". So without the .pc file we ask
# for the newest calls that fayed uses; they came with 1.1.0.
AC_DEFUN([FAYED_WSLAY], [
	PKG_CHECK_MODULES([WSLAY], [libwslay >= $1],
		[fayed_wslay_version=$($PKG_CONFIG --modversion libwslay)],
		[FAYED_WSLAY_BY_CALLS([$1])])
])

AC_DEFUN([FAYED_WSLAY_BY_CALLS], [
	AS_VAR_SET_IF([WSLAY_LIBS], [], [WSLAY_LIBS=-lwslay])
	fayed_saved_cppflags=$CPPFLAGS
	fayed_saved_libs=$LIBS
	CPPFLAGS="$CPPFLAGS $WSLAY_CFLAGS"
	LIBS="$WSLAY_LIBS $LIBS"
	AC_MSG_CHECKING([for wslay without pkg-config])
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <wslay/wslay.h>]],
			[[wslay_event_config_set_allowed_rsv_bits(0, WSLAY_RSV1_BIT);
			return wslay_event_queue_msg_ex(0, 0, WSLAY_RSV_NONE);]])],
		[AC_MSG_RESULT([yes])
		fayed_wslay_version="1.1 or later"],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([wslay >= $1 is needed (Debian: libwslay-dev)])])
	CPPFLAGS=$fayed_saved_cppflags
	LIBS=$fayed_saved_libs
])
