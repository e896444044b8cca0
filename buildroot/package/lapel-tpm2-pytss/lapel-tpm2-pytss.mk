################################################################################
#
# lapel-tpm2-pytss
#
################################################################################

LAPEL_TPM2_PYTSS_VERSION = 3.0.0
LAPEL_TPM2_PYTSS_SOURCE = tpm2_pytss-$(LAPEL_TPM2_PYTSS_VERSION).tar.gz
LAPEL_TPM2_PYTSS_SITE = https://files.pythonhosted.org/packages/39/47/7d7089c88e5c73bdef6ca85d6bdb00cdfd655fb59f9cb2b1011557ce7533
LAPEL_TPM2_PYTSS_LICENSE = BSD-2-Clause
LAPEL_TPM2_PYTSS_LICENSE_FILES = LICENSE
LAPEL_TPM2_PYTSS_DEPENDENCIES = \
	host-pkgconf \
	host-python-cffi \
	host-python-pkgconfig \
	host-python-pycparser \
	host-python-setuptools-scm \
	tpm2-tss
LAPEL_TPM2_PYTSS_SETUP_TYPE = setuptools
LAPEL_TPM2_PYTSS_ENV = SETUPTOOLS_SCM_PRETEND_VERSION=$(LAPEL_TPM2_PYTSS_VERSION)

$(eval $(python-package))
