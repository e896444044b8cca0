################################################################################
#
# lapel-names
#
################################################################################

LAPEL_NAMES_VERSION = 1
LAPEL_NAMES_SITE = $(LAPEL_NAMES_PKGDIR)/src
LAPEL_NAMES_SITE_METHOD = local
LAPEL_NAMES_LICENSE = Apache-2.0

define LAPEL_NAMES_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0644 $(@D)/prctl/__init__.py \
		$(LAPEL_SITE_PACKAGES)/prctl/__init__.py
	$(INSTALL) -D -m 0644 $(@D)/pykms/__init__.py \
		$(LAPEL_SITE_PACKAGES)/pykms/__init__.py
endef

$(eval $(generic-package))
