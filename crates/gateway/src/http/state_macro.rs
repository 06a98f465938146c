//! Declares the states of routers.

/// Declares the state of a router, from which handlers can extract each part.
macro_rules! state {
    ($(#[$attribute:meta])* $name:ident { $($(#[$part_attribute:meta])* $part:ident: $type:ty,)+ }) => {
        $(#[$attribute])*
        #[derive(Clone)]
        pub struct $name {
            $($(#[$part_attribute])* pub $part: $type,)+
        }

        $(impl FromRef<$name> for $type {
            fn from_ref(state: &$name) -> $type {
                state.$part.clone()
            }
        })+
    };
}

pub(super) use state;
