################################################################################
#
# lapel
#
################################################################################

# The wheel that "make image" makes of this repository, in a directory
# of its own: neither the checkout's other files nor its history are read.
LAPEL_VERSION = $(call qstrip,$(BR2_LAPEL_VERSION))
LAPEL_SITE = $(call qstrip,$(BR2_LAPEL_WHEEL_DIR))
LAPEL_SITE_METHOD = local
LAPEL_LICENSE = Apache-2.0
LAPEL_DEPENDENCIES = host-python3

define LAPEL_INSTALL_TARGET_CMDS
	$(call LAPEL_INSTALL_WHEEL,$(@D)/*.whl)
	$(INSTALL) -D -m 0644 \
		$(BR2_EXTERNAL_LAPEL_PATH)/board/$(LAPEL_BOARD)/parts.env \
		$(TARGET_DIR)/usr/lib/lapel/parts.env
endef

$(eval $(generic-package))
