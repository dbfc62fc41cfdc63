export const lease = {
  nameInvalid: (p: {name: string}) =>
    `"${p.name}" cannot be the name of a lease: lower-case letters, digits, dots, dashes and underscores can, 39 at most.`,
  unknown: (p: {name: string}) => `There is no lease "${p.name}" here.`,
  busy: (p: {owner: string}) => `Somebody else is changing the leases of this host: ${p.owner}.`,
  room: 'can be promised',
  term: {
    total: () => 'total',
    free: () => 'free now',
    held: () => 'held by the tenant itself',
    reserved: () => 'reserved by kernel or driver',
    model: (p: {of: string}) => `model of ${p.of}`,
    programs: () => "Berth's own programs",
    lease: (p: {of: string}) => `lease ${p.of}`,
    safety: () => 'safety',
  },
};
