################################################################################
#
# lapel-av
#
################################################################################

LAPEL_AV_VERSION = 18.1.0
LAPEL_AV_SOURCE = av-$(LAPEL_AV_VERSION)-cp311-abi3-manylinux_2_28_aarch64.whl
LAPEL_AV_SITE = https://files.pythonhosted.org/packages/d9/84/2464ffb64c08c5ce8b522c8e74594714414e3b0575267652c5c51c0574b9
LAPEL_AV_LICENSE = BSD-3-Clause (PyAV), GPL-2.0+ (FFmpeg with x264 and x265, inside)
LAPEL_AV_LICENSE_FILES = av-$(LAPEL_AV_VERSION).dist-info/licenses/LICENSE.txt
LAPEL_AV_DEPENDENCIES = host-python3

define LAPEL_AV_EXTRACT_CMDS
	$(UNZIP) -q -d $(@D) $(LAPEL_AV_DL_DIR)/$(LAPEL_AV_SOURCE)
endef

define LAPEL_AV_INSTALL_TARGET_CMDS
	$(call LAPEL_INSTALL_WHEEL,$(LAPEL_AV_DL_DIR)/$(LAPEL_AV_SOURCE))
endef

$(eval $(generic-package))
