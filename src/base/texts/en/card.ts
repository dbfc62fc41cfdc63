interface Detail {
  detail: string;
}

export const card = {
  fault: {
    'not-installed': {
      what: (_: Detail) => 'There is no nvidia-smi on this machine.',
      why: 'The NVIDIA driver is not installed, or not for this system.',
    },
    'no-devices': {
      what: (_: Detail) => 'The NVIDIA driver finds no card.',
      why: 'The driver runs, but no card answers to it: it is not plugged in, has no power, or left the bus.',
    },
    lost: {
      what: (_: Detail) => 'The card is lost.',
      why: 'It stopped answering on the PCIe bus. Power supply, heat and seating are the usual causes; only a restart of the machine brings it back.',
    },
    'reset-required': {
      what: (_: Detail) => 'The card must be reset before it works again.',
      why: 'The driver met an error that it cannot recover from while the card is in use. Stop its programs first.',
    },
    'no-answer': {
      what: (_: Detail) => 'The card does not answer its driver.',
      why: "The driver knows the card but cannot open it. The kernel's log tells an XID.",
    },
    mismatch: {
      what: (_: Detail) => 'The driver was updated, but its old version is still loaded.',
      why: 'The kernel module and the libraries are of different versions until the machine or the module is restarted.',
    },
    'no-driver': {
      what: (_: Detail) => 'The NVIDIA driver is not loaded.',
      why: 'Its kernel module is missing for the running kernel, is blocked by Secure Boot, or stands behind nouveau.',
    },
    'nvml-unknown': {
      what: (_: Detail) => 'The NVIDIA driver cannot be reached from here.',
      why: 'In a container this means that it lost its access to the card, as after a reload of systemd; on a host the device files are missing.',
    },
    'library-missing': {
      what: (_: Detail) => 'The library of the NVIDIA driver (libnvidia-ml) is missing.',
      why: 'Only a part of the driver is installed.',
    },
    'no-permission': {
      what: (_: Detail) => 'This user may not use the card.',
      why: 'The device files /dev/nvidia* are closed to this user.',
    },
    'power-cable': {
      what: (_: Detail) => 'The power cables of the card are not all plugged in.',
      why: 'The driver refuses a card without its own power.',
    },
    silent: {
      what: (p: Detail) => `nvidia-smi did not answer within ${p.detail}.`,
      why: 'The driver hangs; a program that waits for it cannot even be killed. Its readings are missing until it answers again.',
    },
    unreadable: {
      what: (p: Detail) =>
        `nvidia-smi answered with something that tells no card${p.detail === '' ? '' : ` (${p.detail})`}.`,
      why: 'Its output has a form that Berth does not know.',
    },
    'not-this-card': {
      what: (p: Detail) => `There is no such card: ${p.detail}.`,
      why: 'A card is named by its index or its UUID, or by the beginning of the UUID (8 characters or more).',
    },
  },
  xid: {
    x13: 'error in a graphics or compute kernel; mostly a mistake of the program',
    x31: 'a program used memory that is not its own; mostly a mistake of the program',
    x32: 'damaged command stream; a mistake of the program, or a bad PCIe connection',
    x43: 'a program was stopped on the card after its own error',
    x45: "a program's work was removed from the card, after another error or when it was killed",
    x48: 'uncorrectable memory error (double bit)',
    x61: "breakpoint in the card's internal controller",
    x62: "the card's internal controller has halted",
    x63: 'memory was marked for replacement; a reset completes it',
    x64: 'memory could not be replaced',
    x69: 'a program used a class that the card does not know; mostly a mistake of the program',
    x74: 'error on the NVLink connection',
    x79: 'the card has fallen off the bus',
    x92: 'many corrected memory errors',
    x94: 'uncorrectable memory error, contained: only the program that used it is affected',
    x95: 'uncorrectable memory error, not contained: every program on the card is affected',
    x119: "the card's firmware (GSP) does not answer",
    x120: "error in the card's firmware (GSP)",
    x121: 'error on the connection to the CPU (C2C), corrected',
    x140: 'uncorrected memory error',
    x154: 'the driver changed what it asks for',
    other: 'see the XID catalogue of NVIDIA',
  },
  remedy: {
    nothing: 'nothing to do',
    'restart-program': 'restart the program',
    reset: 'reset the card',
    reboot: 'restart the machine',
  },
  throttle: {
    idle: 'idle',
    'application-clocks': 'clocks set by hand',
    'power-cap': 'power limit',
    'hardware-slowdown': 'slowed down by hardware',
    'sync-boost': 'in step with other cards',
    'thermal-software': 'heat (driver)',
    'thermal-hardware': 'heat (hardware)',
    'power-brake': 'power supply',
    'display-clocks': 'display clocks',
    unknown: 'a reason that is not known',
  },
};
