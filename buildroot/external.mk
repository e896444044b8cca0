LAPEL_BOARD = $(call qstrip,$(BR2_LAPEL_BOARD))
LAPEL_SITE_PACKAGES = $(TARGET_DIR)/usr/lib/python$(PYTHON3_VERSION_MAJOR)/site-packages

# Lay a wheel out as the virtual camera does, by the same code: without what
# no camera has of the service.
LAPEL_INSTALL_WHEEL = \
	cd $(BR2_EXTERNAL_LAPEL_PATH)/.. && \
	PYTHONDONTWRITEBYTECODE=1 $(HOST_DIR)/bin/python3 -m tools.image lay-out \
		$(1) $(LAPEL_SITE_PACKAGES)

ifneq ($(LAPEL_BOARD),)
ifneq ($(BR2_LAPEL_COMMON),y)
$(error lapel: $(LAPEL_BOARD)_defconfig is half a configuration; use make image BOARD=$(LAPEL_BOARD), which merges fragments/common.config)
endif
endif

include $(sort $(wildcard $(BR2_EXTERNAL_LAPEL_PATH)/package/*/*.mk))

# Buildroot's libcamera has the pipeline of the Raspberry Pi 5 in its sources
# and no option for it.
ifeq ($(BR2_PACKAGE_LAPEL_LIBPISP),y)
LIBCAMERA_PIPELINES-y += rpi/pisp
$(LIBCAMERA_TARGET_CONFIGURE): | lapel-libpisp
endif
