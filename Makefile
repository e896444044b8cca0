# The front door: whatever CI does is a target here.  `make` alone prints what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Variables that are yours to set:  make PYTHON=python3.12 test    make demo SOURCE=clip.mp4
PYTHON ?= python3
SOURCE ?=
CAMERAS ?= 1
PYTEST_ARGS ?=
FAULT_ARGS ?=
MUTATE_ARGS ?=
FUZZ_ARGS ?=
BENCH_ARGS ?=
VM_MIRROR ?=
BOARD ?=
DEV ?=
IMAGE ?= $(if $(BOARD),build/image/$(BOARD)/images/card.img)
ENROLMENT ?=
FORCE ?=
YES ?=
HOST ?=
HIL_ARGS ?=
BUILDROOT_DIR ?= $(wildcard build/buildroot)
KERNEL_DIR ?=
KEYRING ?=
SIGN_BOOT ?=
CERT ?=
KEY ?=
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

VENV := .venv
LOCK := requirements/desk-dev.txt
BARE := requirements/picamera2.txt
# tpm2-pytss has no wheel: it is built where the C library is that it binds.  Where it is not, or cannot be, the tests of a TPM are skipped, and
# say so; nothing else needs it.
TPM2 := requirements/tpm2-build.txt requirements/tpm2.txt
WITH_TPM2 = if ! pkg-config --exists tss2-esys 2>/dev/null; then echo 'set-up: no TPM (make deps brings libtss2-dev)'; else \
  for each in '--only-binary :all: -r $(word 1,$(TPM2))' '--no-build-isolation -r $(word 2,$(TPM2))'; do \
    $(RUN) -m pip install -q --disable-pip-version-check --no-input --require-hashes --no-deps $$each \
      || { echo 'set-up: no TPM: tpm2-pytss could not be built (see above)'; break; }; done; fi
READY := $(VENV)/.ready
HELD := tests/browser tests/sim/test_panel.py tests/sim/test_scenarios.py
NPM := build/npm/.ready
# Node.js from elsewhere does not bear Debian's npm beside it: where both are there, both are left as they are.
APART := if command -v node >/dev/null && command -v npm >/dev/null; then grep -vxE 'nodejs|npm'; else cat; fi
RUN := $(VENV)/bin/python
# Tests start hundreds of processes: where what Python compiles may not be kept, each of them compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

SCRIPTS = $(shell git ls-files '*.sh' .ci/run buildroot/overlay/usr/lib/lapel buildroot/board/overlay/usr/lib/lapel)

# Images are made of what is committed, and of nothing else: the tree of that commit, unpacked, is what Buildroot reads.
IMAGES := build/image
IMAGE_READY := $(IMAGES)/venv/.ready
IMAGE_RUN := $(IMAGES)/venv/bin/python -m tools.image
COMMIT = $(shell git rev-parse --short=12 HEAD)
EPOCH = $(shell git log -1 --format=%ct)
BUILDROOT = $(abspath $(or $(BUILDROOT_DIR),build/buildroot))
FOR_BOARD = @[ -n "$(BOARD)" ] || { echo "which board?  BOARD=zero2w, pi4 or pi5" >&2; exit 2; }
IMAGE_MAKE = env SOURCE_DATE_EPOCH=$(EPOCH) LAPEL_COMMIT=$(COMMIT) LAPEL_KEYRING="$(abspath $(KEYRING))" LAPEL_SIGN_BOOT="$(abspath $(SIGN_BOOT))" $(MAKE) -C "$(BUILDROOT)" \
  O="$(abspath $(IMAGES)/$(BOARD))" BR2_EXTERNAL="$(abspath $(IMAGES)/source/buildroot)"

.PHONY: help
help: ## print this
	@printf 'Lapel: open firmware for body-worn video cameras\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nNew here?  make demo, then make test.\n'

.PHONY: deps
deps: ## install the outside tools that the tests compare with (apt, root)
	$(SUDO) apt-get update -q
	sed 's/[[:space:]]*#.*//' requirements/debian.txt | $(APART) | xargs $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	  apt-get install -q -y --no-install-recommends
	$(MAKE) --no-print-directory $(NPM)
	@if [ -e $(READY) ]; then $(WITH_TPM2); fi

$(NPM): tests/npm/package.json tests/npm/package-lock.json tests/npm/.npmrc
	@mkdir -p $(@D)
	cp $^ $(@D)
	npm ci --prefix $(@D) --no-progress
	@touch $@

.PHONY: demo
demo: $(READY) ## the camera's whole job on real video; SOURCE=clip.mp4 or /dev/video0 as the scene
	@$(RUN) -m tools demo $(if $(SOURCE),--source "$(SOURCE)")

.PHONY: demo-check
demo-check: $(READY) ## what the demo left, before stock age, ffmpeg, openssl and a JOSE library
	@$(RUN) -m pytest tests/acceptance/demo_output.py $(PYTEST_ARGS)

.PHONY: test
test: $(READY) ## all tests that need no root and no browser, with coverage of firmware/
	@mkdir -p build
	@$(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(HELD:%=--ignore=%) --cov --cov-report=json:build/coverage.json --cov-report=term:skip-covered $(PYTEST_ARGS)
	@$(RUN) -m tests.coverage_floor build/coverage.json

.PHONY: browser
browser: $(READY) ## real cameras held in a real browser, and the scenarios: they take the time that hands take
	@$(RUN) -m pytest -n logical --dist loadfile $(HELD) $(PYTEST_ARGS)

.PHONY: contract-libcamera
contract-libcamera: $(READY) ## the lens on the real libcamera's virtual camera, in a Debian root of its own; VM_MIRROR=http://.../debian
	@$(RUN) -m tests.contract.libcamera $(if $(VM_MIRROR),--mirror "$(VM_MIRROR)") $(if $(PYTEST_ARGS),-- $(PYTEST_ARGS))

.PHONY: fault
fault: $(READY) ## cut the power at every operation, let storage and parts fail, kill live cameras, wear one for a shift
	@$(RUN) -m tests.fault $(FAULT_ARGS)

.PHONY: bench
bench: $(READY) ## measure it beside its peers and its limits, and plot that (10 minutes; a suite that broke a promise is measured twice): build/bench/report.html
	@$(RUN) -m tools bench $(BENCH_ARGS)

.PHONY: bench-quick
bench-quick: $(READY) ## a part of that in a minute; a ratio beyond its promise fails it, a time never does
	@$(RUN) -m tools bench --quick $(BENCH_ARGS)

.PHONY: mutate
mutate: $(READY) ## remove or weaken each guard of the evidence, one at a time: a test has to fail (30 minutes at most)
	@$(RUN) -m tests.mutation $(MUTATE_ARGS)

.PHONY: fuzz
fuzz: $(READY) ## give every parser nearly good inputs, a million and more: it takes or refuses each (30 minutes at most)
	@$(RUN) -m tests.fuzz $(FUZZ_ARGS)

.PHONY: check
check: $(READY) ## lint, formatting, types, shell scripts
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); \
	  else echo 'shellcheck is missing (make deps installs it): shell scripts were not checked'; fi

.PHONY: docs
docs: $(READY) ## draw the pages that show the code's own tables
	@$(RUN) docs/generate.py

.PHONY: docs-pictures
docs-pictures: $(READY) ## photograph the page of the simulated camera in each of its states
	@$(RUN) -m tests.browser.pictures

.PHONY: vectors
vectors: $(READY) ## make the vectors of tests/vectors/ anew: where git shows a difference, the format has changed
	@$(RUN) -m tests.vector_maker

.PHONY: sim
sim: $(READY) ## a camera to hold in the browser, with its dock; CAMERAS=3 for three of them
	@$(RUN) -m tools sim --panel --cameras "$(CAMERAS)" $(if $(SOURCE),--source "$(SOURCE)")

.PHONY: flash
flash: $(READY) ## write an image onto a card: DEV=/dev/sdX BOARD=zero2w [IMAGE=file] [ENROLMENT=dir] [FORCE=1] [YES=1]
	@[ -n "$(DEV)" ] || { echo 'Which card?  make flash DEV=/dev/sdX BOARD=zero2w   (lsblk lists disks)' >&2; exit 2; }
	@[ -n "$(IMAGE)" ] || { echo 'Which image?  make flash DEV=$(DEV) BOARD=zero2w, or IMAGE=file' >&2; exit 2; }
	@$(RUN) -m tools flash "$(DEV)" --image "$(IMAGE)" $(if $(ENROLMENT),--enrolment "$(ENROLMENT)") $(if $(FORCE),--force) $(if $(YES),--yes)

.PHONY: vm-deps
vm-deps: ## install what `make vm` needs (apt, root)
	$(SUDO) apt-get update -q
	sed 's/[[:space:]]*#.*//' requirements/debian-vm.txt | xargs $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	  apt-get install -q -y --no-install-recommends

.PHONY: vm
vm: $(READY) ## a camera that boots in a virtual machine, with the kernel's GPIO and USB; VM_MIRROR=http://.../debian
	@$(RUN) -m tools.vm $(if $(VM_MIRROR),--mirror "$(VM_MIRROR)")

.PHONY: vm-test
vm-test: $(READY) ## boot it, press its button on the wire, cut it off 200 times and more, dock it over USB (10 minutes at most)
	@$(RUN) -m tests.vm $(if $(VM_MIRROR),--mirror "$(VM_MIRROR)") $(if $(PYTEST_ARGS),-- $(PYTEST_ARGS))

.PHONY: vm-update
vm-update: $(READY) ## update it by a dock: a system that is well, one that is not, bundles that nobody may take, a cut (11 minutes)
	@$(RUN) -m tests.vm --story updates $(if $(VM_MIRROR),--mirror "$(VM_MIRROR)") $(if $(PYTEST_ARGS),-- $(PYTEST_ARGS))

.PHONY: vm-contract
vm-contract: $(READY) ## the contract suites on its kernel: GPIO from outside, USB gadget, I2C, ext4, RTC, systemd (minutes)
	@$(RUN) -m pytest tests/vm/contract.py $(PYTEST_ARGS)

.PHONY: vm-clean
vm-clean: ## fetch and build the virtual camera afresh next time
	rm -rf build/vm

.PHONY: hil
hil: $(READY) ## bring a board up step by step over ssh: make hil HOST=user@name (docs/bring-up.md)
	@HOST="$(HOST)" $(RUN) -m pytest -p tests.hil.plugin -p no:cacheprovider -o timeout=0 $(if $(filter tests/%,$(HIL_ARGS)),,tests/hil) $(HIL_ARGS)

.PHONY: hil-vm
hil-vm: $(READY) ## the same steps on the virtual camera: its pins, lights, cable and power are real enough (minutes)
	@VM_MIRROR="$(VM_MIRROR)" $(RUN) -m tests.hil $(HIL_ARGS)

$(IMAGE_READY): requirements/image.txt
	@mkdir -p $(IMAGES)
	@$(PYTHON) -m venv $(IMAGES)/venv
	@$(IMAGES)/venv/bin/python -m pip install -q --disable-pip-version-check --no-input --require-hashes --only-binary :all: -r $<
	@touch $@

.PHONY: image-check
image-check: ## hold the images' configuration against a tree of Buildroot: BUILDROOT_DIR=..., and KERNEL_DIR=... to ask a kernel too
ifeq ($(BUILDROOT_DIR),)
	@echo 'image-check: SKIPPED, there is no Buildroot here: name a tree of it with BUILDROOT_DIR=...  (make image fetches one)'
else
	@$(MAKE) --no-print-directory $(IMAGE_READY)
	@$(IMAGE_RUN) check "$(BUILDROOT_DIR)" $(if $(KERNEL_DIR),--kernel "$(KERNEL_DIR)")
endif

.PHONY: image-index
image-index: $(READY) ## hold the images' packages against the package index that pip is set up with
	@$(RUN) -m tools.image index

.PHONY: image-source
image-source: $(IMAGE_READY)
	$(FOR_BOARD)
	@git diff --quiet HEAD || echo 'image: what is not committed is not in it'
	@[ -n "$(BUILDROOT_DIR)" ] || $(IMAGE_RUN) fetch build/buildroot
	@$(IMAGE_RUN) held "$(BUILDROOT)"
	@rm -rf $(IMAGES)/source $(IMAGES)/wheel && mkdir -p $(IMAGES)/source $(IMAGES)/$(BOARD)
	@git archive HEAD | tar -x -C $(IMAGES)/source
	@SOURCE_DATE_EPOCH=$(EPOCH) $(PYTHON) -m pip wheel -q --no-deps --wheel-dir $(IMAGES)/wheel $(IMAGES)/source
	@$(IMAGE_RUN) merge "$(BOARD)" >$(IMAGES)/$(BOARD)/asked_defconfig
	@echo 'BR2_LAPEL_WHEEL_DIR="$(abspath $(IMAGES)/wheel)"' >>$(IMAGES)/$(BOARD)/asked_defconfig
	@$(IMAGE_MAKE) -s BR2_DEFCONFIG="$(abspath $(IMAGES)/$(BOARD)/asked_defconfig)" defconfig

.PHONY: image
image: image-source ## build an image, hours and gigabytes: BOARD=zero2w, pi4 or pi5; KEYRING=firmware-root.pem, whose updates it takes
	@$(IMAGE_MAKE)
	@cd $(IMAGES)/$(BOARD)/images && sha256sum card.img root.img slot.img | tee SHA256SUMS # the same for the same commit

.PHONY: bundle
bundle: ## make an update of a built image: BOARD=..., CERT=... KEY=... of whoever signs firmware
	$(FOR_BOARD)
	@[ -n "$(CERT)" ] && [ -n "$(KEY)" ] || { echo 'whose signature?  make bundle BOARD=$(BOARD) CERT=... KEY=...' >&2; exit 2; }
	@[ -e "$(IMAGES)/$(BOARD)/images/root.img" ] || { echo 'there is no image yet: make image BOARD=$(BOARD)' >&2; exit 2; }
	@buildroot/board/bundle.sh "$(BOARD)" "$(IMAGES)/$(BOARD)" "$(COMMIT)" "$(CERT)" "$(KEY)"

.PHONY: sbom
sbom: image-source ## what is in a board's image, as CycloneDX: BOARD=...
	@mkdir -p $(IMAGES)/dl/cyclonedx # where Buildroot's script looks for the names of licences before it fetches them
	@cp $(IMAGES)/venv/lib/python3*/site-packages/cyclonedx/schema/_res/spdx.SNAPSHOT.schema.json $(IMAGES)/dl/cyclonedx/spdx-1.6.schema.json
	@SOURCE_DATE_EPOCH=$(EPOCH) $(IMAGE_RUN) bom "$(BUILDROOT)" "$(BOARD)" "$(COMMIT)" --wheels $(IMAGES)/wheels >$(IMAGES)/$(BOARD)/sbom.cdx.json
	@$(IMAGES)/venv/bin/python buildroot/utils/validate-bom.py $(IMAGES)/$(BOARD)/sbom.cdx.json

.PHONY: legal
legal: image-source ## the licences and the sources of what is in a board's image: BOARD=...
	@$(IMAGE_MAKE) legal-info

.PHONY: shell
shell: $(READY) ## a shell with `lapel` on the path
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $${SHELL:-bash}

.PHONY: clean
clean: ## remove everything that was made, the virtual environment too
	rm -rf build $(VENV) .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY): $(LOCK) $(BARE) $(TPM2) tools/bootstrap.py
	@command -v $(PYTHON) >/dev/null || { echo 'Lapel needs $(PYTHON), which is not here. On Debian and Ubuntu: apt-get install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lapel needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) tools/bootstrap.py $(VENV) $(LOCK) $(BARE)
	@$(WITH_TPM2)
	@touch $@
