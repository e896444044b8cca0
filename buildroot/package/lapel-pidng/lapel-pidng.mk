################################################################################
#
# lapel-pidng
#
################################################################################

LAPEL_PIDNG_VERSION = 4.0.9
LAPEL_PIDNG_SOURCE = pidng-$(LAPEL_PIDNG_VERSION).tar.gz
LAPEL_PIDNG_SITE = https://files.pythonhosted.org/packages/c0/65/2670c465c8a63a23eb3a5e5547262e247e1aa2d3889a0a6781da9109d5f7
LAPEL_PIDNG_LICENSE = MIT
LAPEL_PIDNG_LICENSE_FILES = LICENSE
LAPEL_PIDNG_SETUP_TYPE = setuptools

$(eval $(python-package))
