################################################################################
#
# lapel-lgpio
#
################################################################################

LAPEL_LGPIO_VERSION = 0.2.2.0
LAPEL_LGPIO_SOURCE = lgpio-$(LAPEL_LGPIO_VERSION).tar.gz
LAPEL_LGPIO_SITE = https://files.pythonhosted.org/packages/56/33/26ec2e8049eaa2f077bf23a12dc61ca559fbfa7bea0516bf263d657ae275
LAPEL_LGPIO_LICENSE = Unlicense
LAPEL_LGPIO_LICENSE_FILES = LICENSE
LAPEL_LGPIO_DEPENDENCIES = host-swig
LAPEL_LGPIO_SETUP_TYPE = setuptools
LAPEL_LGPIO_ENV = PYPI=1

$(eval $(python-package))
