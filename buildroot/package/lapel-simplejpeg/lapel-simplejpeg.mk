################################################################################
#
# lapel-simplejpeg
#
################################################################################

LAPEL_SIMPLEJPEG_VERSION = 1.9.0
LAPEL_SIMPLEJPEG_SOURCE = simplejpeg-$(LAPEL_SIMPLEJPEG_VERSION)-cp314-cp314-manylinux2014_aarch64.manylinux_2_17_aarch64.manylinux_2_28_aarch64.whl
LAPEL_SIMPLEJPEG_SITE = https://files.pythonhosted.org/packages/d4/32/fe632d5709e4a278a73f99539a94fdecf9d48969b8b3b94ba9940d8fcb9d
LAPEL_SIMPLEJPEG_LICENSE = MIT
LAPEL_SIMPLEJPEG_LICENSE_FILES = simplejpeg-$(LAPEL_SIMPLEJPEG_VERSION).dist-info/licenses/LICENSE
LAPEL_SIMPLEJPEG_DEPENDENCIES = host-python3

define LAPEL_SIMPLEJPEG_EXTRACT_CMDS
	$(UNZIP) -q -d $(@D) $(LAPEL_SIMPLEJPEG_DL_DIR)/$(LAPEL_SIMPLEJPEG_SOURCE)
endef

define LAPEL_SIMPLEJPEG_INSTALL_TARGET_CMDS
	$(call LAPEL_INSTALL_WHEEL,$(LAPEL_SIMPLEJPEG_DL_DIR)/$(LAPEL_SIMPLEJPEG_SOURCE))
endef

$(eval $(generic-package))
