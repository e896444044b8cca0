################################################################################
#
# lapel-videodev2
#
################################################################################

LAPEL_VIDEODEV2_VERSION = 0.0.4
LAPEL_VIDEODEV2_SOURCE = videodev2-$(LAPEL_VIDEODEV2_VERSION).tar.gz
LAPEL_VIDEODEV2_SITE = https://files.pythonhosted.org/packages/7c/82/ffdba8838b1f24b83268863a8f66fe9334d7f28a5b9c368f9c48f7516e69
LAPEL_VIDEODEV2_LICENSE = BSD-3-Clause
LAPEL_VIDEODEV2_SETUP_TYPE = setuptools

$(eval $(python-package))
