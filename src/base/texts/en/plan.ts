export const plan = {
  headerIncomplete: (p: {field: string; value: string}) =>
    `The model's header does not tell its shape: ${p.field} is ${p.value}.`,
};
