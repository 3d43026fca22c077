export { PeopleModule } from './people.module.js';
export { PeopleService } from './people.service.js';
export { AssignmentsService } from './assignments.service.js';
export type { Kind, PersonFields } from './person.js';
export { KINDS } from './person.js';
