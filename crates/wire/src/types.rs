//! The macro that declares wire types.

/// Declares structs with both readers: serde for the gateway, [`Read`](crate::Read) for the widget. It adds a test that both read the same, so
/// use it once in a module.
///
/// A member is `pub NAME: TYPE`, followed by these options, in this order:
///
/// | | |
/// | --- | --- |
/// | `pub NAME as "WORD": TYPE` | has another name on the wire |
/// | `[max N]` | the widget reads at most N characters or items, whatever is sent; serde reads them all |
/// | `= default` | optional, with its type's default |
/// | `= sparse` | the same, and not written if it has its default |
/// | `= or(FUNCTION, "FUNCTION")` | optional, with the function's result as default; twice, because serde wants it as a string |
/// | `= known` | an enum: if the widget does not know its value, a list leaves out the whole struct |
///
/// Without an option the member is required by serde, and has its type's default in the widget if it is missing.
#[macro_export]
macro_rules! types {
    ($($(#[$attribute:meta])* pub struct $name:ident { $($members:tt)* })+) => {
        $($crate::record! { { $(#[$attribute])* $name source number } {} {} {} {} $($members)* })+

        #[cfg(all(test, not(target_arch = "wasm32")))]
        mod wire_types {
            #[test]
            fn serde_and_the_widget_read_alike() {
                $($crate::testing::assert_reads_alike::<super::$name>();)+
            }
        }
    };
}

/// The parts that [`types`] creates for one struct, member by member: the declaration, the reader, the condition for leaving it out of a list,
/// and a sample.
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    (
        { $(#[$attribute:meta])* $name:ident $source:ident $number:ident }
        { $($declared:tt)* } { $($read:tt)* } { $($known:tt)* } { $($sample:tt)* }
    ) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        $(#[$attribute])*
        // Members whose name says everything need no comment.
        #[allow(missing_docs)]
        pub struct $name { $($declared)* }

        impl $crate::Read for $name {
            fn read($source: &impl $crate::Source) -> $name {
                $name { $($read)* }
            }

            $crate::record! { @items $name $source { $($known)* } }
        }

        #[cfg(all(test, not(target_arch = "wasm32")))]
        impl $crate::testing::Sample for $name {
            fn sample($number: &mut usize) -> $name {
                $name { $($sample)* }
            }
        }
    };

    // The members, by their options.
    ($head:tt $d:tt $r:tt $k:tt $s:tt
        $(#[$a:meta])* pub $member:ident $(as $word:literal)? : $type:ty $([max $max:expr])?, $($rest:tt)*) => {
        $crate::record! { @add $head $d $r $k $s [$(#[$a])* $member [$($word)?] $type [$($max)?] []] [] [] $($rest)* }
    };
    ($head:tt $d:tt $r:tt $k:tt $s:tt
        $(#[$a:meta])* pub $member:ident $(as $word:literal)? : $type:ty $([max $max:expr])? = default, $($rest:tt)*) => {
        $crate::record! { @add $head $d $r $k $s [$(#[$a])* $member [$($word)?] $type [$($max)?] []] [default] [] $($rest)* }
    };
    ($head:tt $d:tt $r:tt $k:tt $s:tt
        $(#[$a:meta])* pub $member:ident $(as $word:literal)? : $type:ty $([max $max:expr])? = sparse, $($rest:tt)*) => {
        $crate::record! { @add $head $d $r $k $s [$(#[$a])* $member [$($word)?] $type [$($max)?] []]
            [default, skip_serializing_if = "wire::is_default"] [] $($rest)* }
    };
    ($head:tt $d:tt $r:tt $k:tt $s:tt
        $(#[$a:meta])* pub $member:ident $(as $word:literal)? : $type:ty = or($function:path, $name:literal), $($rest:tt)*) => {
        $crate::record! { @add $head $d $r $k $s [$(#[$a])* $member [$($word)?] $type [] [$function]] [default = $name] [] $($rest)* }
    };
    ($head:tt $d:tt $r:tt $k:tt $s:tt
        $(#[$a:meta])* pub $member:ident : $type:ty = known, $($rest:tt)*) => {
        $crate::record! { @add $head $d $r $k $s [$(#[$a])* $member [] $type [] []] [] [$type] $($rest)* }
    };

    (
        @add { $(#[$attribute:meta])* $name:ident $source:ident $number:ident }
        { $($declared:tt)* } { $($read:tt)* } { $($known:tt)* } { $($sample:tt)* }
        [$(#[$a:meta])* $member:ident [$($word:literal)?] $type:ty [$($max:expr)?] [$($function:path)?]]
        [$($serde:tt)*] [$($word_type:ty)?]
        $($rest:tt)*
    ) => {
        $crate::record! {
            { $(#[$attribute])* $name $source $number }
            { $($declared)* $(#[$a])* $(#[serde(rename = $word)])? #[serde($($serde)*)] pub $member: $type, }
            { $($read)* $member: $crate::record!(@read $source [$member $($word)?] [$($max)?] [$($function)?]), }
            { $($known)* $([$member $word_type])? }
            { $($sample)* $member: $crate::testing::Sample::sample($number), }
            $($rest)*
        }
    };

    (@items $name:ident $source:ident {}) => {};
    (@items $name:ident $source:ident { $([$member:ident $word:ty])+ }) => {
        fn read_items(items: &[impl $crate::Source]) -> Vec<$name> {
            let is_known = |$source: &&_| {
                $(<$word>::from_word(&$crate::Source::text_of(*$source, stringify!($member))).is_some())&&+
            };
            items.iter().filter(is_known).map(<$name as $crate::Read>::read).collect()
        }
    };

    (@read $source:ident [$($name:tt)+] [] []) => { $source.member($crate::record!(@name $($name)+)) };
    (@read $source:ident [$($name:tt)+] [$max:expr] []) => {
        $source.member_up_to($crate::record!(@name $($name)+), $max)
    };
    (@read $source:ident [$($name:tt)+] [] [$function:path]) => {
        $source.member::<Option<_>>($crate::record!(@name $($name)+)).unwrap_or_else($function)
    };
    (@name $member:ident) => { stringify!($member) };
    (@name $member:ident $word:literal) => { $word };
}
