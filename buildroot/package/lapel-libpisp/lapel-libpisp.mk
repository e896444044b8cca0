################################################################################
#
# lapel-libpisp
#
################################################################################

LAPEL_LIBPISP_VERSION = v1.5.0
LAPEL_LIBPISP_SITE = $(call github,raspberrypi,libpisp,$(LAPEL_LIBPISP_VERSION))
LAPEL_LIBPISP_LICENSE = BSD-2-Clause (library), GPL-2.0 with Linux-syscall-note (kernel headers), CC0-1.0 (build system)
LAPEL_LIBPISP_LICENSE_FILES = LICENSES/BSD-2-Clause.txt
LAPEL_LIBPISP_INSTALL_STAGING = YES
LAPEL_LIBPISP_DEPENDENCIES = json-for-modern-cpp
LAPEL_LIBPISP_CONF_OPTS = -Dlogging=disabled

$(eval $(meson-package))
