################################################################################
#
# lapel-picamera2
#
################################################################################

LAPEL_PICAMERA2_VERSION = 0.3.38
LAPEL_PICAMERA2_SOURCE = picamera2-$(LAPEL_PICAMERA2_VERSION).tar.gz
LAPEL_PICAMERA2_SITE = https://files.pythonhosted.org/packages/3d/e4/87340556ec4fea46d98ba87fff2f755b7eb5071931d51b698a804e6d8418
LAPEL_PICAMERA2_LICENSE = BSD-2-Clause
LAPEL_PICAMERA2_LICENSE_FILES = LICENSE
LAPEL_PICAMERA2_SETUP_TYPE = setuptools

$(eval $(python-package))
