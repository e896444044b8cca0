################################################################################
#
# lapel-pyopenssl
#
################################################################################

LAPEL_PYOPENSSL_VERSION = 26.4.0
LAPEL_PYOPENSSL_SOURCE = pyopenssl-$(LAPEL_PYOPENSSL_VERSION).tar.gz
LAPEL_PYOPENSSL_SITE = https://files.pythonhosted.org/packages/3f/e8/7325d258199b159eb2c03fe32107533e2832e70e63f4fb88a6aa00023201
LAPEL_PYOPENSSL_LICENSE = Apache-2.0
LAPEL_PYOPENSSL_LICENSE_FILES = LICENSE
LAPEL_PYOPENSSL_SETUP_TYPE = setuptools

$(eval $(python-package))
