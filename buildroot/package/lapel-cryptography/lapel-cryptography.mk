################################################################################
#
# lapel-cryptography
#
################################################################################

LAPEL_CRYPTOGRAPHY_VERSION = 50.0.2
LAPEL_CRYPTOGRAPHY_SOURCE = cryptography-$(LAPEL_CRYPTOGRAPHY_VERSION)-cp311-abi3-manylinux_2_34_aarch64.whl
LAPEL_CRYPTOGRAPHY_SITE = https://files.pythonhosted.org/packages/71/37/6202e488cc1eb625ea110c292c6bda92823176e023f427d8d5660ce8d632
LAPEL_CRYPTOGRAPHY_LICENSE = Apache-2.0 or BSD-3-Clause
LAPEL_CRYPTOGRAPHY_LICENSE_FILES = \
	cryptography-$(LAPEL_CRYPTOGRAPHY_VERSION).dist-info/licenses/LICENSE \
	cryptography-$(LAPEL_CRYPTOGRAPHY_VERSION).dist-info/licenses/LICENSE.APACHE \
	cryptography-$(LAPEL_CRYPTOGRAPHY_VERSION).dist-info/licenses/LICENSE.BSD
LAPEL_CRYPTOGRAPHY_DEPENDENCIES = host-python3

define LAPEL_CRYPTOGRAPHY_EXTRACT_CMDS
	$(UNZIP) -q -d $(@D) $(LAPEL_CRYPTOGRAPHY_DL_DIR)/$(LAPEL_CRYPTOGRAPHY_SOURCE)
endef

define LAPEL_CRYPTOGRAPHY_INSTALL_TARGET_CMDS
	$(call LAPEL_INSTALL_WHEEL,$(LAPEL_CRYPTOGRAPHY_DL_DIR)/$(LAPEL_CRYPTOGRAPHY_SOURCE))
endef

$(eval $(generic-package))
